package dev.waggle.worker;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Ledger;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.Receipt;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.ResultSink;
import dev.waggle.mesh.swarm.exchange.TaskServer;
import dev.waggle.worker.engine.Engine;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
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

  private static final Logger log = LoggerFactory.getLogger(Worker.class);
  private static final Duration REFRESH = Duration.ofSeconds(5);
  private static final Duration BUSY_RETRY_AFTER = Duration.ofSeconds(2);
  private static final Duration OTHER_RETRY_AFTER = Duration.ofSeconds(30);
  private static final Duration STOP_MAX = Duration.ofSeconds(5);

  private final Parts parts;
  private final Catalog catalog;
  private final Runnable onChange;
  private final ThreadPoolExecutor runners;
  private final ThreadPoolExecutor refresher;
  private volatile @Nullable ScheduledFuture<?> refreshing;
  private final Object lock = new Object();
  private final Admission admission;
  private final Map<ClaimId, Run> runs = new HashMap<>();
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
      ScheduledExecutorService timer,
      Clock clock) {
    public Parts {
      engines = List.copyOf(engines);
    }
  }

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
    this.refresher =
        new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.MINUTES,
            new ArrayBlockingQueue<>(1),
            work -> daemon(work, "worker-catalog"),
            new ThreadPoolExecutor.DiscardPolicy());
  }

  /** Starts to ask the engines what they have, now and then again. */
  public void start() {
    refreshing =
        parts
            .timer()
            .scheduleWithFixedDelay(
                this::refreshSoon, 0, REFRESH.toMillis(), TimeUnit.MILLISECONDS);
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
        nodeName, software, catalog.offers(), parts.limits().slots(), running, queued);
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
    Optional<Integer> before;
    synchronized (lock) {
      before = admission.claim(claim, entry.get().offer().name());
    }
    if (before.isEmpty()) {
      return new OfferReply.Declined(OfferReply.Reason.BUSY, BUSY_RETRY_AFTER);
    }
    onChange.run();
    return new OfferReply.Accepted(claim, LEASE, before.get());
  }

  @Override
  public void onAssign(Assignment assignment, ResultSink sink) {
    Run run = new Run(parts, catalog, assignment, sink);
    List<ClaimId> start;
    synchronized (lock) {
      if (!admission.isWaiting(assignment.claim())) {
        return; // Cancelled meanwhile.
      }
      runs.put(assignment.claim(), run);
      start = admission.ready(assignment.claim());
    }
    start(start);
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
    try {
      run.run();
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
      return CompletableFuture.failedFuture(e);
    }
    if (!receipt.body().requester().equals(requester)
        || !receipt.body().worker().equals(parts.identity().peerId())
        || !receipt.verifyBoth()) {
      return CompletableFuture.failedFuture(
          new IOException("the receipt is not one that both sides signed here"));
    }
    return parts.ledger().record(receipt, false).thenApply(entry -> null);
  }

  /** Takes no more work, ends what runs, and closes the engines; a few seconds at most. */
  @Override
  public void close() {
    stopping = true;
    ScheduledFuture<?> rounds = refreshing;
    if (rounds != null) {
      rounds.cancel(false);
    }
    refresher.shutdownNow();
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
