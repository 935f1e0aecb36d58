package dev.waggle.coordinator;

import dev.waggle.crypto.Identity;
import dev.waggle.ledger.Ledger;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobSource;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.PeerView;
import dev.waggle.mesh.swarm.capability.Wanted;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.exchange.Exchange;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.label.LabelView;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
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
  private final Clock clock;
  private final Settler settler;
  private final RecentDemand demand;
  private final Placer placer;
  private final Set<TaskDriver> running = ConcurrentHashMap.newKeySet();

  /** What a driver needs to drive. */
  record Parts(
      Identity identity,
      Exchange exchange,
      Ledger ledger,
      Settler settler,
      WorkerRecord workers,
      TaskStories stories,
      SnapshotClaims snapshots,
      ScheduledExecutorService timer,
      Duration firstChunkMax,
      Duration stallMax) {}

  /**
   * Starts to settle what an earlier run left unsettled.
   *
   * @param labels where labelled requests may go
   * @param conduct hears of workers' faults, and knows those of others
   * @param own this node's own capability now
   * @param timer runs short steps at their time; stays the caller's to close
   * @param firstChunkMax how long an assigned worker may take to begin its answer, loading the
   *     model included
   * @param stallMax how long an answer that began may pause before another worker goes on with it
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
      Duration firstChunkMax,
      Duration stallMax) {
    this.peers = peers;
    this.labels = labels;
    this.own = own;
    this.clock = clock;
    this.settler = new Settler(exchange, ledger, timer);
    this.parts =
        new Parts(
            identity,
            exchange,
            ledger,
            settler,
            new WorkerRecord(conduct, clock),
            new TaskStories(clock),
            new SnapshotClaims(),
            timer,
            firstChunkMax,
            stallMax);
    this.demand = new RecentDemand(clock);
    this.placer = new Placer(identity.peerId(), labels, parts.workers());
    settler.start();
  }

  @Override
  public RunningTask submit(TaskSpec spec, Terms terms, TaskListener listener) {
    TaskId id = TaskId.at(clock.instant());
    Requirements task = spec.requirements();
    parts.stories().begin(id, task.model());
    Optional<Label> missing = labels.missing(task.labels());
    if (missing.isPresent()) {
      return refuse(id, notHeld(missing.get()), listener);
    }
    Capability capability = own.get();
    var view = peers.peers();
    Demand demand = Demand.of(spec, expectedOutput(spec));
    Placer.Ranking ranking = placer.rank(demand, capability, view, terms);
    if (ranking.candidates().isEmpty()) {
      TaskFailure why =
          spec instanceof TaskSpec.Code code
              ? noSandbox(code, ranking)
              : nobody(task, ranking, Placer.modelNames(capability, view));
      return refuse(id, why, listener);
    }
    if (running.size() >= TASKS_MAX) {
      String full = "this node already has " + TASKS_MAX + " tasks under way";
      return refuse(id, new TaskFailure.Overloaded(full, FULL_RETRY_AFTER), listener);
    }
    if (!(spec instanceof TaskSpec.Code)) {
      this.demand.onRequest(ranking.candidates().get(0).model().name());
    }
    TaskDriver driver =
        new TaskDriver(id, spec, terms, ranking.candidates(), listener, parts, running::remove);
    running.add(driver);
    driver.start();
    return driver;
  }

  private RunningTask refuse(TaskId id, TaskFailure why, TaskListener listener) {
    parts.stories().add(id, TaskStory.Kind.FAILED, Optional.empty(), why.message());
    listener.onFailed(why);
    return ended(id);
  }

  @Override
  public Optional<TaskStory> story(TaskId task) {
    return parts.stories().of(task);
  }

  /**
   * What members may copy: the snapshots of tasks that they have claimed, as long as they hold the
   * claims, and what there is else.
   *
   * @param find the file of a snapshot; may block
   * @param others what there is without a claim
   */
  public BlobSource snapshots(Function<BlobDigest, Optional<Path>> find, BlobSource others) {
    return new ClaimedSnapshots(parts.snapshots(), find, others);
  }

  /** What this node's users asked for lately, most wanted first. */
  public List<Wanted> wanted() {
    return demand.top();
  }

  private long expectedOutput(TaskSpec spec) {
    long usual = parts.workers().expectedOutput();
    OptionalInt most = OptionalInt.empty();
    if (spec instanceof TaskSpec.Chat chat) {
      most = chat.sampling().maxTokens();
    } else if (spec instanceof TaskSpec.Completion completion) {
      most = completion.sampling().maxTokens();
    }
    return most.isPresent() ? Math.min(usual, most.getAsInt()) : usual;
  }

  /**
   * Leaves every task under way and stops settling; what is unsettled goes on at the next run, and
   * what workers keep is there then.
   */
  @Override
  public void close() {
    running.forEach(TaskDriver::leave);
    settler.close();
  }

  private static TaskFailure noSandbox(TaskSpec.Code code, Placer.Ranking ranking) {
    String language = code.language().text();
    if (!ranking.broken().isEmpty()) {
      return new TaskFailure.Overloaded(
          "no node can run " + language + " now; " + String.join("; ", ranking.broken()),
          ranking.retryAfter());
    }
    return ranking.excluded().isEmpty()
        ? new TaskFailure.NoSuchModel(
            "no reachable node has a sandbox that runs "
                + language
                + " (\"waggle doctor\" on a node says why it has none)")
        : new TaskFailure.NotAllowed(
            "no reachable node may run this; " + String.join("; ", ranking.excluded()));
  }

  private static TaskFailure nobody(Requirements task, Placer.Ranking ranking, Set<String> known) {
    if (!ranking.broken().isEmpty()) {
      return new TaskFailure.Overloaded(
          "no node can answer with model \""
              + task.model()
              + "\" now; "
              + String.join("; ", ranking.broken()),
          ranking.retryAfter());
    }
    if (ranking.excluded().isEmpty() && !ranking.tooShort().isEmpty()) {
      return new TaskFailure.TooLong(
          "the prompt is too long for model \""
              + task.model()
              + "\"; "
              + String.join("; ", ranking.tooShort()));
    }
    return ranking.excluded().isEmpty()
        ? noSuchModel(task.model(), known)
        : notAllowed(task, ranking.excluded());
  }

  private static TaskFailure noSuchModel(String model, Set<String> known) {
    ModelQuery query = ModelQuery.of(model);
    if (query.any() && !known.isEmpty()) {
      return new TaskFailure.NoSuchModel(
          "\""
              + model
              + "\" finds no model "
              + (query.elsewhere() ? "that would do on another node" : "on this node")
              + " (\"waggle models\" shows all; \"auto\" takes any)");
    }
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
