package dev.waggle.worker;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.Ledger;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.Offered;
import dev.waggle.ledger.Receipt;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.capability.Wanted;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.ModelId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Progress;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.ResultSink;
import dev.waggle.mesh.swarm.exchange.TaskServer;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.ModelLibrary;
import dev.waggle.worker.owner.MachineState;
import dev.waggle.worker.owner.OwnerRules;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node as a worker: accepts what it has room for, runs it on an engine, and keeps the receipts
 * that come back. Thread-safe; nothing blocks but its making and {@link #close}.
 */
public final class Worker implements TaskServer, AutoCloseable {
  /** How long a requester has for its half of a receipt; it tries again all that time. */
  static final Duration DISPUTE_AFTER = Duration.ofHours(24);

  private static final Logger log = LoggerFactory.getLogger(Worker.class);
  private static final Duration DISPUTE_STEP = Duration.ofMinutes(10);
  private static final Duration SWEEP_STEP = Duration.ofMinutes(10);
  private static final Duration REFRESH = Duration.ofSeconds(5);
  private static final Duration WARM = Duration.ofSeconds(5);
  private static final Duration WATCH = Duration.ofSeconds(2);
  private static final Duration OTHER_RETRY_AFTER = Duration.ofSeconds(30);
  private static final Duration STOP_MAX = Duration.ofSeconds(5);

  private final Parts parts;
  private final Catalog catalog;
  private final Runnable onChange;
  private final ThreadPoolExecutor runners;
  private final Rounds rounds;
  private final Runnable refreshing;
  private final Runnable probing;
  private final Runnable sweeping;
  private final Claims claims;
  private final KeptResults kept;
  private final OwnHalves halves;
  private final ModelSpeeds speeds = new ModelSpeeds();
  private final OwnerControl control;
  private final Prober prober;
  private final AtomicBoolean open = new AtomicBoolean(true);
  private volatile boolean stopping;

  /**
   * What it works with.
   *
   * @param swarm the id of the swarm now, 32 bytes
   * @param kept has the results whose requesters may be gone
   * @param timer runs short steps at their time; stays the caller's to close
   */
  public record Parts(
      Identity identity,
      Supplier<byte[]> swarm,
      Ledger ledger,
      List<Engine> engines,
      Limits limits,
      Owner owner,
      Probing probing,
      KeptFiles kept,
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

  /**
   * Whether models are tried for going on with answers that others began.
   *
   * @param on whether new ones are tried, while the node is idle
   * @param memory what is known of models already
   */
  public record Probing(boolean on, ProbeMemory memory) {}

  /**
   * Prepares a worker, which has no models before {@link #start}, and reads the results that it
   * kept; waits for the disk.
   *
   * @param onChange called when what this worker can do has changed; must not block
   */
  public Worker(Parts parts, Runnable onChange) {
    this.parts = parts;
    this.onChange = onChange;
    this.catalog = new Catalog(parts.engines());
    this.kept = new KeptResults(parts.clock(), parts.kept());
    this.halves = new OwnHalves(parts.ledger());
    this.control = new OwnerControl(parts);
    this.claims = new Claims(parts.limits(), control, speeds);
    this.prober = new Prober(parts.probing().memory(), () -> parts.probing().on() && isIdle());
    int slots = Math.max(1, parts.limits().slots());
    AtomicInteger next = new AtomicInteger(1);
    this.runners =
        new ThreadPoolExecutor(
            slots,
            slots,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(slots),
            work -> Rounds.daemon(work, "worker-" + next.getAndIncrement()));
    runners.allowCoreThreadTimeOut(true);
    this.rounds = new Rounds(parts.timer());
    this.refreshing = rounds.kind("worker-catalog", this::askEngines);
    this.probing = rounds.kind("worker-probe", this::probe);
    this.sweeping = rounds.kind("worker-kept", kept::sweep);
  }

  /** Starts to ask the engines what they have, now and then again. */
  public void start() {
    rounds.kind("worker-prepare", this::prepare).run();
    rounds.every(Duration.ZERO, REFRESH, refreshing);
    rounds.every(DISPUTE_STEP, DISPUTE_STEP, rounds.kind("worker-dispute", this::dispute));
    rounds.every(SWEEP_STEP, SWEEP_STEP, sweeping);
    rounds.every(Duration.ZERO, WATCH, rounds.kind("worker-machine", this::watch));
  }

  /**
   * Has models ready that the swarm asks for, from now on.
   *
   * @param peers the other members now
   * @param wanted what this node's own users asked for lately
   */
  public void serveDemand(Supplier<List<Peer>> peers, Supplier<List<Wanted>> wanted) {
    Warmer warmer = new Warmer(parts.identity().peerId(), catalog, peers);
    rounds.every(
        WARM,
        WARM,
        rounds.kind(
            "worker-warm",
            () -> {
              Capability own = capability("self", "self").wanting(wanted.get());
              if (warmer.round(own, isIdle(), control.freeMemoryMb())) {
                refresh();
              }
            }));
  }

  private void prepare() {
    parts.engines().forEach(Engine::prepare);
    refreshing.run();
  }

  /** Results whose requesters had their time to countersign. */
  private void dispute() {
    parts
        .ledger()
        .dispute(parts.clock().instant().minus(DISPUTE_AFTER))
        .thenAccept(
            count -> {
              if (count > 0) {
                log.info("{} results have no receipt after {}", count, DISPUTE_AFTER);
              }
            });
  }

  private void watch() {
    control.look();
    enforce();
  }

  // ---- the owner's control

  /** Runs nothing of others' until that moment, not even what waits already. */
  public void pause(Instant until) {
    control.pause(until);
    enforce();
  }

  /** Ends a pause. */
  public void resume() {
    pause(Instant.MIN);
  }

  /** Until when it is paused; empty when it is not. */
  public Optional<Instant> pausedUntil() {
    return control.pausedUntil();
  }

  /** Why it runs nothing of others' now; empty when it does. */
  public Optional<String> closedFor() {
    return control.closedFor();
  }

  /** What is in force now is so for tasks that wait, too. */
  private void enforce() {
    Optional<String> closed = closedFor();
    boolean changed = open.getAndSet(closed.isEmpty()) != closed.isEmpty();
    if (closed.isPresent()) {
      claims.waitingOfOthers().forEach(each -> refuse(each, closed.get()));
    }
    if (changed) {
      onChange.run();
    }
  }

  private boolean isIdle() {
    return claims.isEmpty() && !stopping && closedFor().isEmpty();
  }

  private void askEngines() {
    if (catalog.refresh()) {
      onChange.run();
    }
    probing.run();
  }

  private void probe() {
    if (prober.round(catalog.entries())) {
      onChange.run();
    }
  }

  /** What this node can do now, under the given name. */
  public Capability capability(String nodeName, String software) {
    Claims.Load load = claims.load();
    return new Capability(
        nodeName,
        software,
        catalog.offers().stream()
            .map(each -> each.measured(prober.isResumable(each), speeds.of(each.name())))
            .toList(),
        parts.limits().slots(),
        load.running(),
        load.queued(),
        load.backlog(),
        parts.owner().rules().labels());
  }

  /** How this node gets models; empty when no engine does that. */
  public Optional<ModelLibrary> library() {
    return parts.engines().stream().flatMap(engine -> engine.library().stream()).findFirst();
  }

  /** Asks the engines soon what they have, because that has changed. */
  public void refresh() {
    refreshing.run();
  }

  /** Why engines have no models now, by the engine's name. */
  public Map<String, String> troubles() {
    return catalog.troubles();
  }

  /** Why sandboxes here are not used, by the sandbox's name. */
  public Map<String, String> sandboxTroubles() {
    Map<String, String> all = new LinkedHashMap<>();
    parts.engines().forEach(each -> all.putAll(each.troubles()));
    return all;
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
    Requirements wanted = offer.requirements();
    Optional<Catalog.Entry> entry =
        catalog.find(wanted.model()).filter(each -> each.offer().can(wanted.abilities()));
    if (entry.isEmpty()) {
      return new OfferReply.Declined(OfferReply.Reason.NO_SUCH_MODEL, OTHER_RETRY_AFTER);
    }
    ModelId model = new ModelId(entry.get().offer().name(), entry.get().offer().digest());
    OfferReply reply = claims.promise(requester, offer, model);
    if (reply instanceof OfferReply.Accepted accepted) {
      prober.giveWay();
      onChange.run();
      if (!control.isOwn(requester)) {
        record(requester, offer, accepted.claim(), model.name());
      }
    }
    return reply;
  }

  @Override
  public Progress progress(ClaimId claim) {
    return claims.progress(claim);
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
    Claims.Assigned assigned =
        claims.assign(
            assignment,
            promise ->
                new Run(
                    parts,
                    catalog,
                    assignment,
                    promise.model(),
                    promise.demandPercent(),
                    sink,
                    kept,
                    halves));
    start(assigned.next());
    assigned.refused().ifPresent(each -> refuse(each.task(), each.why()));
  }

  private void refuse(Claims.Claimed task, String why) {
    task.run().fail(why);
    end(task.claim(), Duration.ZERO);
  }

  private void start(List<Claims.Claimed> next) {
    next.forEach(each -> runners.execute(() -> runToEnd(each.claim(), each.run())));
    onChange.run();
  }

  private void runToEnd(ClaimId claim, Run run) {
    Instant began = parts.clock().instant();
    try {
      Optional<Usage> used = run.run();
      Duration took = Duration.between(began, parts.clock().instant());
      used.ifPresent(usage -> speeds.onRan(run.model(), took, usage, run.beginning()));
    } catch (RuntimeException | Error e) {
      log.error("a task ended in a bug", e);
      run.fail("the worker failed: " + e);
    } finally {
      end(claim, Duration.between(began, parts.clock().instant()));
    }
  }

  private void end(ClaimId claim, Duration took) {
    start(claims.end(claim, took));
  }

  @Override
  public void onLost(ClaimId claim) {
    if (!claims.run(claim).map(Run::isKept).orElse(false)) {
      onCancel(claim);
    }
  }

  @Override
  public void onCancel(ClaimId claim) {
    Claims.GivenUp gone = claims.giveUp(claim);
    gone.run().ifPresent(Run::cancel);
    start(gone.next());
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
        || !halves.isSigned(receipt)) {
      return CompletableFuture.failedFuture(
          new MalformedFrameException("the receipt is not one that both sides signed here"));
    }
    if (kept.settled(requester, new ClaimId(receipt.body().claim()))) {
      sweeping.run();
    }
    return parts.ledger().receive(receipt).thenApply(entry -> null);
  }

  /** Takes no more work, ends what runs, and closes the engines; a few seconds at most. */
  @Override
  public void close() {
    stopping = true;
    rounds.close();
    prober.giveWay();
    claims.runs().forEach(Run::cancel);
    runners.shutdownNow();
    try {
      if (!runners.awaitTermination(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("a task does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    kept.sweep();
    parts.engines().forEach(Engine::close);
  }
}
