package dev.waggle.worker;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.CreditAccount;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.Ledger;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.Offered;
import dev.waggle.ledger.Receipt;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.ModelId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.ResultSink;
import dev.waggle.mesh.swarm.exchange.TaskServer;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.owner.MachineState;
import dev.waggle.worker.owner.OwnerGate;
import dev.waggle.worker.owner.OwnerRules;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node as a worker: accepts what it has room for, runs it on an engine, and keeps the receipts
 * that come back. Thread-safe; nothing blocks but {@link #close}.
 */
public final class Worker implements TaskServer, AutoCloseable {
  /** How long an accepted place is held. */
  static final Duration LEASE = Duration.ofSeconds(30);

  /** How long a requester has for its half of a receipt; it tries again all that time. */
  static final Duration DISPUTE_AFTER = Duration.ofHours(24);

  private static final Logger log = LoggerFactory.getLogger(Worker.class);
  private static final Duration DISPUTE_STEP = Duration.ofMinutes(10);
  private static final Duration REFRESH = Duration.ofSeconds(5);
  private static final Duration WATCH = Duration.ofSeconds(2);
  private static final Duration BUSY_RETRY_AFTER = Duration.ofSeconds(2);
  private static final Duration OTHER_RETRY_AFTER = Duration.ofSeconds(30);
  private static final Duration STOP_MAX = Duration.ofSeconds(5);

  private final Parts parts;
  private final Catalog catalog;
  private final Runnable onChange;
  private final ThreadPoolExecutor runners;
  private final ThreadPoolExecutor refresher;
  private final ThreadPoolExecutor watcher;
  private volatile @Nullable ScheduledFuture<?> refreshing;
  private volatile @Nullable ScheduledFuture<?> watching;
  private volatile @Nullable ScheduledFuture<?> disputing;
  private final Object lock = new Object();
  private final Admission admission;
  private final Map<ClaimId, Run> runs = new HashMap<>();
  private final Map<ClaimId, Held> held = new HashMap<>();
  private final ModelTimes times = new ModelTimes();
  private final OwnerGate gate;
  private final CreditAccount account;
  private volatile MachineState machine = MachineState.UNKNOWN;
  private boolean wasOpen = true;
  private volatile boolean stopping;

  /**
   * What it works with.
   *
   * @param swarm the id of the swarm now, 32 bytes
   * @param timer runs short steps at their time; stays the caller's to close
   */
  public record Parts(
      Identity identity,
      Supplier<byte[]> swarm,
      Ledger ledger,
      List<Engine> engines,
      Limits limits,
      Owner owner,
      ScheduledExecutorService timer,
      Clock clock) {
    public Parts {
      engines = List.copyOf(engines);
    }
  }

  /**
   * Whose machine it is.
   *
   * @param rules what he allows others
   * @param machine reads how the machine is; blocks shortly
   * @param names what the swarm calls a member
   */
  public record Owner(
      OwnerRules rules, Supplier<MachineState> machine, Function<PeerId, String> names) {}

  /** What was promised to whom. */
  private record Held(PeerId requester, ModelId model, int demandPercent) {}

  /**
   * Prepares a worker, which has no models before {@link #start}.
   *
   * @param onChange called when what this worker can do has changed; must not block
   */
  public Worker(Parts parts, Runnable onChange) {
    this.parts = parts;
    this.onChange = onChange;
    this.catalog = new Catalog(parts.engines());
    this.admission = new Admission(parts.limits());
    this.gate = new OwnerGate(parts.owner().rules(), ZoneId.systemDefault());
    this.account = new CreditAccount(parts.ledger(), parts.identity().peerId(), parts.clock());
    int slots = Math.max(1, parts.limits().slots());
    AtomicInteger next = new AtomicInteger(1);
    this.runners =
        new ThreadPoolExecutor(
            slots,
            slots,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(slots),
            work -> daemon(work, "worker-" + next.getAndIncrement()));
    runners.allowCoreThreadTimeOut(true);
    this.refresher = single("worker-catalog");
    this.watcher = single("worker-machine");
  }

  /** One thread; what comes while something waits is left out, since that will do. */
  private static ThreadPoolExecutor single(String name) {
    return new ThreadPoolExecutor(
        1,
        1,
        1,
        TimeUnit.MINUTES,
        new ArrayBlockingQueue<>(1),
        work -> daemon(work, name),
        new ThreadPoolExecutor.DiscardPolicy());
  }

  /** Starts to ask the engines what they have, now and then again. */
  public void start() {
    refreshing =
        parts
            .timer()
            .scheduleWithFixedDelay(
                this::refreshSoon, 0, REFRESH.toMillis(), TimeUnit.MILLISECONDS);
    disputing =
        parts
            .timer()
            .scheduleWithFixedDelay(
                this::disputeSoon,
                DISPUTE_STEP.toMillis(),
                DISPUTE_STEP.toMillis(),
                TimeUnit.MILLISECONDS);
    watching =
        parts
            .timer()
            .scheduleWithFixedDelay(this::watchSoon, 0, WATCH.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Results whose requesters had their time to countersign. */
  private void disputeSoon() {
    watcher.execute(
        () ->
            parts
                .ledger()
                .dispute(parts.clock().instant().minus(DISPUTE_AFTER))
                .thenAccept(
                    count -> {
                      if (count > 0) {
                        log.info("{} results have no receipt after {}", count, DISPUTE_AFTER);
                      }
                    }));
  }

  private void watchSoon() {
    watcher.execute(
        () -> {
          machine = parts.owner().machine().get();
          enforce();
          if (parts.owner().rules().memberCreditsPerDay() > 0) {
            account.follow();
          }
        });
  }

  // ---- the owner's control

  /** Runs nothing of others' until that moment, not even what waits already. */
  public void pause(Instant until) {
    synchronized (lock) {
      gate.pause(until);
    }
    enforce();
  }

  /** Ends a pause. */
  public void resume() {
    pause(Instant.MIN);
  }

  /** Until when it is paused; empty when it is not. */
  public Optional<Instant> pausedUntil() {
    synchronized (lock) {
      return gate.pausedUntil(parts.clock().instant());
    }
  }

  /** Why it runs nothing of others' now; empty when it does. */
  public Optional<String> closedFor() {
    synchronized (lock) {
      return closed().map(OwnerGate.Refusal::why);
    }
  }

  private Optional<OwnerGate.Refusal> closed() {
    return gate.closed(machine, parts.clock().instant());
  }

  /** What is in force now is so for tasks that wait, too. */
  private void enforce() {
    List<ClaimId> unwanted = new ArrayList<>();
    List<Run> refused = new ArrayList<>();
    Optional<OwnerGate.Refusal> closed;
    boolean changed;
    synchronized (lock) {
      closed = closed();
      changed = wasOpen != closed.isEmpty();
      wasOpen = closed.isEmpty();
      if (closed.isPresent()) {
        for (ClaimId claim : held.keySet()) {
          Run run = runs.get(claim);
          if (run != null && isOthers(claim) && admission.isWaiting(claim)) {
            unwanted.add(claim);
            refused.add(run);
          }
        }
      }
    }
    closed.ifPresent(why -> refused.forEach(run -> run.fail(why.why())));
    unwanted.forEach(this::end);
    if (changed) {
      onChange.run();
    }
  }

  private boolean isOthers(ClaimId claim) {
    Held of = held.get(claim);
    return of != null && !of.requester().equals(parts.identity().peerId());
  }

  private Optional<OwnerGate.Refusal> refusal(PeerId requester, Requirements task) {
    if (requester.equals(parts.identity().peerId())) {
      return Optional.empty();
    }
    int here =
        (int) held.values().stream().filter(each -> each.requester().equals(requester)).count();
    return gate.check(
        new OwnerGate.Asking(
            requester,
            parts.owner().names().apply(requester),
            here,
            task,
            account.owedBy(requester),
            times.of(task.model())),
        machine,
        parts.clock().instant());
  }

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  private void refreshSoon() {
    refresher.execute(
        () -> {
          if (catalog.refresh()) {
            onChange.run();
          }
        });
  }

  /** What this node can do now, under the given name. */
  public Capability capability(String nodeName, String software) {
    int running;
    int queued;
    synchronized (lock) {
      running = admission.running();
      queued = admission.queued();
    }
    return new Capability(
        nodeName,
        software,
        catalog.offers(),
        parts.limits().slots(),
        running,
        queued,
        parts.owner().rules().labels());
  }

  /** Why engines have no models now, by the engine's name. */
  public Map<String, String> troubles() {
    return catalog.troubles();
  }

  @Override
  public OfferReply onOffer(PeerId requester, Offer offer) {
    if (stopping) {
      return new OfferReply.Declined(OfferReply.Reason.STOPPING, OTHER_RETRY_AFTER);
    }
    if (!parts.ledger().writable()) {
      return new OfferReply.Declined(OfferReply.Reason.LEDGER_UNAVAILABLE, OTHER_RETRY_AFTER);
    }
    if (offer.taskBytes() > Limits.TASK_BYTES_MAX) {
      return new OfferReply.Declined(OfferReply.Reason.TOO_LARGE, OTHER_RETRY_AFTER);
    }
    Optional<Catalog.Entry> entry = catalog.find(offer.requirements().model());
    if (entry.isEmpty()) {
      return new OfferReply.Declined(OfferReply.Reason.NO_SUCH_MODEL, OTHER_RETRY_AFTER);
    }
    ClaimId claim = ClaimId.random();
    String model = entry.get().offer().name();
    ModelId promised = new ModelId(model, entry.get().offer().digest());
    Optional<Integer> before;
    synchronized (lock) {
      // The rules are about the model that the name means here.
      Optional<OwnerGate.Refusal> refusal =
          refusal(requester, new Requirements(model, offer.requirements().labels()));
      if (refusal.isPresent()) {
        return new OfferReply.Declined(refusal.get().reason(), refusal.get().retryAfter());
      }
      before = admission.claim(claim, model, requester);
      if (before.isPresent()) {
        held.put(claim, new Held(requester, promised, admission.demandPercent()));
        if (isOthers(claim)) {
          gate.onTaken(requester, parts.clock().instant());
        }
      }
    }
    if (before.isEmpty()) {
      return new OfferReply.Declined(OfferReply.Reason.BUSY, BUSY_RETRY_AFTER);
    }
    onChange.run();
    if (!requester.equals(parts.identity().peerId())) {
      record(requester, offer, claim, model);
    }
    return new OfferReply.Accepted(claim, LEASE, before.get(), promised);
  }

  private void record(PeerId requester, Offer offer, ClaimId claim, String model) {
    Offered fact =
        new Offered(
            offer.task().value(),
            claim.value(),
            model,
            Label.texts(offer.requirements().labels()),
            offer.taskBytes());
    parts.ledger().note(EntryType.OFFER, requester, fact.bytes());
  }

  @Override
  public void onAssign(Assignment assignment, ResultSink sink) {
    Run run;
    List<ClaimId> start;
    boolean refused;
    synchronized (lock) {
      Held of = held.get(assignment.claim());
      if (of == null || !admission.isWaiting(assignment.claim())) {
        return; // Cancelled meanwhile.
      }
      run = new Run(parts, catalog, assignment, of.model(), of.demandPercent(), sink);
      runs.put(assignment.claim(), run);
      refused = isOthers(assignment.claim()) && closed().isPresent();
      start = refused ? List.of() : admission.ready(assignment.claim());
    }
    start(start);
    if (refused) {
      enforce();
    }
  }

  private void start(List<ClaimId> claims) {
    for (ClaimId claim : claims) {
      Run run;
      synchronized (lock) {
        run = runs.get(claim);
      }
      if (run != null) {
        runners.execute(() -> runToEnd(claim, run));
      }
    }
    onChange.run();
  }

  private void runToEnd(ClaimId claim, Run run) {
    Instant began = parts.clock().instant();
    try {
      run.run();
      times.onRan(run.model(), Duration.between(began, parts.clock().instant()));
    } catch (RuntimeException | Error e) {
      log.error("a task ended in a bug", e);
      run.fail("the worker failed: " + e);
    } finally {
      end(claim);
    }
  }

  private void end(ClaimId claim) {
    List<ClaimId> start;
    synchronized (lock) {
      runs.remove(claim);
      held.remove(claim);
      start = admission.end(claim);
    }
    start(start);
  }

  @Override
  public void onCancel(ClaimId claim) {
    Run run;
    boolean waiting;
    synchronized (lock) {
      run = runs.get(claim);
      waiting = admission.isWaiting(claim);
    }
    if (run != null) {
      run.cancel();
    }
    if (waiting) {
      end(claim);
    }
  }

  @Override
  public CompletableFuture<Void> onSettle(PeerId requester, byte[] bytes) {
    Receipt receipt;
    try {
      receipt = Receipt.parse(bytes);
    } catch (MalformedReceiptException e) {
      return CompletableFuture.failedFuture(new MalformedFrameException(e.getMessage()));
    }
    if (!receipt.body().requester().equals(requester)
        || !receipt.body().worker().equals(parts.identity().peerId())
        || !receipt.verifyBoth()) {
      return CompletableFuture.failedFuture(
          new MalformedFrameException("the receipt is not one that both sides signed here"));
    }
    return parts.ledger().record(receipt, false).thenApply(entry -> null);
  }

  /** Takes no more work, ends what runs, and closes the engines; a few seconds at most. */
  @Override
  public void close() {
    stopping = true;
    for (ScheduledFuture<?> each : Arrays.asList(refreshing, watching, disputing)) {
      if (each != null) {
        each.cancel(false);
      }
    }
    refresher.shutdownNow();
    watcher.shutdownNow();
    List<Run> open;
    synchronized (lock) {
      open = List.copyOf(runs.values());
    }
    open.forEach(Run::cancel);
    runners.shutdownNow();
    try {
      if (!runners.awaitTermination(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("a task does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    parts.engines().forEach(Engine::close);
  }
}
