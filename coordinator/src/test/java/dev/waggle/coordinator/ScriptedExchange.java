package dev.waggle.coordinator;

import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.ledger.Work;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.Exchange;
import dev.waggle.mesh.swarm.exchange.HeldClaim;
import dev.waggle.mesh.swarm.exchange.JobPart;
import dev.waggle.mesh.swarm.exchange.ModelId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferOutcome;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Progress;
import dev.waggle.mesh.swarm.exchange.ResultListener;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** The far side of the exchange, played by the test. */
final class ScriptedExchange implements Exchange {
  static final byte[] HASH = new byte[32];
  static final Usage USAGE = new Usage(3, 4, Duration.ZERO, Duration.ZERO, Duration.ZERO);

  /** What one worker does with an offer. */
  interface Script {
    CompletableFuture<OfferOutcome> onOffer(Offer offer);
  }

  final Map<PeerId, Script> scripts = new HashMap<>();
  final List<Claim> claims = new CopyOnWriteArrayList<>();
  final List<byte[]> settlements = new CopyOnWriteArrayList<>();
  volatile boolean settling = true;

  /** A claim that the test answers for. */
  static final class Claim implements HeldClaim {
    final Identity worker;
    final TaskId task;
    final PeerId requester;
    final ClaimId id = ClaimId.random();
    final ModelId promised;
    volatile boolean canceled;
    volatile boolean left;
    volatile Optional<JobPart> part = Optional.empty();
    final AtomicLong sent = new AtomicLong();
    private final CompletableFuture<ResultListener> listener = new CompletableFuture<>();

    Claim(Identity worker, PeerId requester, TaskId task, ModelId promised) {
      this.worker = worker;
      this.requester = requester;
      this.task = task;
      this.promised = promised;
    }

    @Override
    public Optional<ClaimPromise> promise() {
      return Optional.of(
          ClaimPromise.sign(
              worker,
              new byte[32],
              task.value(),
              id.value(),
              requester,
              Instant.ofEpochSecond(3),
              new byte[32],
              promised.name(),
              promised.digest()));
    }

    @Override
    public PeerId worker() {
      return worker.peerId();
    }

    @Override
    public OfferReply.Accepted acceptance() {
      return new OfferReply.Accepted(id, Duration.ofSeconds(30), 0, Duration.ZERO, promised);
    }

    @Override
    public byte[] assign(TaskSpec spec, Optional<JobPart> of, ResultListener to) {
      part = of;
      listener.complete(to);
      return HASH;
    }

    @Override
    public void cancel() {
      canceled = true;
    }

    @Override
    public void leave() {
      left = !canceled;
    }

    boolean isAssigned() {
      return listener.isDone();
    }

    /** Whom the task's requester told to listen; what is said to it is counted. */
    ResultListener listener() {
      ResultListener to = listener.join();
      return new ResultListener() {
        @Override
        public void onBeat(Progress progress) {
          to.onBeat(progress);
        }

        @Override
        public CompletableFuture<Void> onChunk(Chunk chunk) {
          sent.addAndGet(chunk.bytes());
          return to.onChunk(chunk);
        }

        @Override
        public void onResult(TaskResult result) {
          to.onResult(result);
        }

        @Override
        public void onLost(IOException cause) {
          to.onLost(cause);
        }
      };
    }

    /** The result as an honest worker gives it. */
    TaskResult done(PeerId requester, String model, String digest) {
      ReceiptBody body =
          new ReceiptBody(
              new byte[32],
              task.value(),
              id.value(),
              requester,
              worker.peerId(),
              model,
              digest,
              part.map(JobPart::job).orElse(""),
              new Work(
                  USAGE.promptTokens(),
                  USAGE.outputTokens(),
                  1,
                  sent.get(),
                  Duration.ZERO,
                  Duration.ZERO,
                  Duration.ZERO,
                  false,
                  0,
                  0,
                  "stop"),
              Instant.ofEpochSecond(1),
              Instant.ofEpochSecond(2),
              HASH,
              List.of());
      return new TaskResult(
          new Outcome.Done(Outcome.FinishReason.STOP),
          USAGE,
          Receipt.byWorker(body, worker).bytes());
    }
  }

  /** The worker accepts every offer, and promises this content for its model. */
  void accepts(Identity worker, PeerId requester, String digest) {
    scripts.put(
        worker.peerId(),
        offer -> {
          Claim claim =
              new Claim(
                  worker,
                  requester,
                  offer.task(),
                  new ModelId(offer.requirements().model(), digest));
          claims.add(claim);
          return CompletableFuture.completedFuture(new OfferOutcome.Claimed(claim));
        });
  }

  /** The worker declines every offer. */
  void declines(Identity worker, OfferReply.Reason reason) {
    scripts.put(
        worker.peerId(),
        offer ->
            CompletableFuture.completedFuture(
                new OfferOutcome.Declined(new OfferReply.Declined(reason, Duration.ofSeconds(3)))));
  }

  @Override
  public CompletableFuture<OfferOutcome> offer(PeerId worker, Offer offer) {
    Script script = scripts.get(worker);
    return script == null
        ? CompletableFuture.failedFuture(new IOException("not connected"))
        : script.onOffer(offer);
  }

  @Override
  public CompletableFuture<Void> settle(PeerId worker, byte[] receipt) {
    settlements.add(receipt);
    return settling
        ? CompletableFuture.completedFuture(null)
        : CompletableFuture.failedFuture(new IOException("not connected"));
  }
}
