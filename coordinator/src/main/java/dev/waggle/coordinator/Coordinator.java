package dev.waggle.coordinator;

import dev.waggle.crypto.Identity;
import dev.waggle.ledger.Ledger;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.PeerView;
import dev.waggle.mesh.swarm.exchange.Exchange;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;

/**
 * This node as a requester: plans each task, drives it to a result, and settles with its worker.
 *
 * <p>Thread-safe; nothing blocks but {@link #close}.
 */
public final class Coordinator implements TaskSubmitter, AutoCloseable {
  /** The most tasks under way at once; more are refused as overload. */
  public static final int TASKS_MAX = 4_096;

  private static final Duration FULL_RETRY_AFTER = Duration.ofSeconds(1);

  private final Parts parts;
  private final PeerView peers;
  private final Supplier<Capability> own;
  private final Settler settler;
  private final Set<TaskDriver> running = ConcurrentHashMap.newKeySet();

  /** What a driver needs to drive. */
  record Parts(
      Identity identity,
      Exchange exchange,
      Ledger ledger,
      Settler settler,
      WorkerRecord workers,
      ScheduledExecutorService timer,
      Duration firstChunkMax) {}

  /**
   * Starts to settle what an earlier run left unsettled.
   *
   * @param own this node's own capability now
   * @param timer runs short steps at their time; stays the caller's to close
   * @param firstChunkMax how long an assigned worker may take to begin its answer, loading the
   *     model included
   */
  public Coordinator(
      Identity identity,
      Exchange exchange,
      PeerView peers,
      Supplier<Capability> own,
      Ledger ledger,
      ScheduledExecutorService timer,
      Clock clock,
      Duration firstChunkMax) {
    this.peers = peers;
    this.own = own;
    this.settler = new Settler(exchange, ledger, timer);
    this.parts =
        new Parts(
            identity, exchange, ledger, settler, new WorkerRecord(clock), timer, firstChunkMax);
    settler.start();
  }

  @Override
  public RunningTask submit(TaskSpec spec, TaskListener listener) {
    TaskId id = TaskId.random();
    String model = spec.requirements().model();
    Capability capability = own.get();
    var view = peers.peers();
    List<Candidate> ranked =
        Placer.rank(model, parts.identity().peerId(), capability, view, parts.workers());
    if (ranked.isEmpty()) {
      listener.onFailed(noSuchModel(model, Placer.modelNames(capability, view)));
      return ended(id);
    }
    if (running.size() >= TASKS_MAX) {
      listener.onFailed(
          new TaskFailure.Overloaded(
              "this node already has " + TASKS_MAX + " tasks under way", FULL_RETRY_AFTER));
      return ended(id);
    }
    TaskDriver driver = new TaskDriver(id, spec, ranked, listener, parts, running::remove);
    running.add(driver);
    driver.start();
    return driver;
  }

  /** Cancels every task under way and stops settling; what is unsettled goes on at the next run. */
  @Override
  public void close() {
    running.forEach(TaskDriver::cancel);
    settler.close();
  }

  private static TaskFailure noSuchModel(String model, Set<String> known) {
    String hint =
        Nearest.to(model, known)
            .map(nearest -> "nearest: " + nearest + " (try: waggle models)")
            .orElse(
                "no node offers any model yet (start Ollama or put a .gguf file into the data"
                    + " directory's models folder; try: waggle doctor)");
    return new TaskFailure.NoSuchModel("model \"" + model + "\" is on no reachable node; " + hint);
  }

  private static RunningTask ended(TaskId id) {
    return new RunningTask() {
      @Override
      public TaskId id() {
        return id;
      }

      @Override
      public void cancel() {
        // It has ended already.
      }
    };
  }
}
