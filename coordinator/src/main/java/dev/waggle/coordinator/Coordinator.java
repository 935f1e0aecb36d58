package dev.waggle.coordinator;

import dev.waggle.crypto.Identity;
import dev.waggle.ledger.Ledger;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.PeerView;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.exchange.Exchange;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.label.LabelView;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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
  private final LabelView labels;
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
   * @param labels where labelled requests may go
   * @param conduct hears of workers' faults, and knows those of others
   * @param own this node's own capability now
   * @param timer runs short steps at their time; stays the caller's to close
   * @param firstChunkMax how long an assigned worker may take to begin its answer, loading the
   *     model included
   */
  public Coordinator(
      Identity identity,
      Exchange exchange,
      PeerView peers,
      LabelView labels,
      Conduct conduct,
      Supplier<Capability> own,
      Ledger ledger,
      ScheduledExecutorService timer,
      Clock clock,
      Duration firstChunkMax) {
    this.peers = peers;
    this.labels = labels;
    this.own = own;
    this.settler = new Settler(exchange, ledger, timer);
    this.parts =
        new Parts(
            identity,
            exchange,
            ledger,
            settler,
            new WorkerRecord(conduct, clock),
            timer,
            firstChunkMax);
    settler.start();
  }

  @Override
  public RunningTask submit(TaskSpec spec, TaskListener listener) {
    TaskId id = TaskId.random();
    Requirements task = spec.requirements();
    Optional<Label> missing = labels.missing(task.labels());
    if (missing.isPresent()) {
      listener.onFailed(notHeld(missing.get()));
      return ended(id);
    }
    Capability capability = own.get();
    var view = peers.peers();
    Placer.Ranking ranking =
        Placer.rank(task, parts.identity().peerId(), capability, view, labels, parts.workers());
    if (ranking.candidates().isEmpty()) {
      listener.onFailed(
          ranking.excluded().isEmpty()
              ? noSuchModel(task.model(), Placer.modelNames(capability, view))
              : notAllowed(task, ranking.excluded()));
      return ended(id);
    }
    if (running.size() >= TASKS_MAX) {
      listener.onFailed(
          new TaskFailure.Overloaded(
              "this node already has " + TASKS_MAX + " tasks under way", FULL_RETRY_AFTER));
      return ended(id);
    }
    TaskDriver driver =
        new TaskDriver(id, spec, ranking.candidates(), listener, parts, running::remove);
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

  private static TaskFailure notHeld(Label label) {
    return new TaskFailure.NotAllowed(
        "this node does not hold the label \""
            + label
            + "\", so its requests cannot carry it (an admin grants it: waggle label MEMBER LABEL...;"
            + " \"waggle members\" shows who holds what)");
  }

  private static TaskFailure notAllowed(Requirements task, List<String> excluded) {
    String carrying =
        task.labels().isEmpty()
            ? ""
            : " with the labels " + String.join(", ", Label.texts(task.labels()));
    return new TaskFailure.NotAllowed(
        "no reachable node may run model \""
            + task.model()
            + "\""
            + carrying
            + "; "
            + String.join("; ", excluded));
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
