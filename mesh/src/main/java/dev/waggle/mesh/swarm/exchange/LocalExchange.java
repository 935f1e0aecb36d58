package dev.waggle.mesh.swarm.exchange;

import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.Envelope;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.wire.SpecCodec;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The exchange of a node with its own worker: the same steps without network and so without seals.
 * A task's hash is that of its bytes.
 */
public final class LocalExchange implements Exchange {
  private final PeerId self;
  private final TaskServer server;

  public LocalExchange(PeerId self, TaskServer server) {
    this.self = self;
    this.server = server;
  }

  @Override
  public CompletableFuture<OfferOutcome> offer(PeerId worker, Offer offer) {
    OfferReply reply = server.onOffer(self, offer);
    if (reply instanceof OfferReply.Accepted accepted) {
      return CompletableFuture.completedFuture(
          new OfferOutcome.Claimed(new LocalClaim(offer.task(), accepted)));
    }
    return CompletableFuture.completedFuture(
        new OfferOutcome.Declined((OfferReply.Declined) reply));
  }

  @Override
  public CompletableFuture<Void> settle(PeerId worker, byte[] receipt) {
    return server.onSettle(self, receipt);
  }

  private final class LocalClaim implements HeldClaim, ResultSink {
    private final TaskId task;
    private final OfferReply.Accepted acceptance;
    // Null before the assignment and after the end: whoever takes it out may speak last.
    private final AtomicReference<@Nullable ResultListener> listener = new AtomicReference<>();

    LocalClaim(TaskId task, OfferReply.Accepted acceptance) {
      this.task = task;
      this.acceptance = acceptance;
    }

    @Override
    public PeerId worker() {
      return self;
    }

    @Override
    public OfferReply.Accepted acceptance() {
      return acceptance;
    }

    @Override
    public Optional<ClaimPromise> promise() {
      return Optional.empty();
    }

    @Override
    public byte[] assign(TaskSpec spec, Optional<JobPart> part, ResultListener to) {
      byte[] hash = Envelope.hash(SpecCodec.encode(spec));
      listener.set(to);
      server.onAssign(new Assignment(task, acceptance.claim(), self, spec, part, hash), this);
      return hash;
    }

    @Override
    public void cancel() {
      listener.set(null);
      server.onCancel(acceptance.claim());
    }

    @Override
    public void leave() {
      cancel();
    }

    @Override
    public void running() {
      ResultListener to = listener.get();
      if (to != null) {
        to.onBeat(Progress.RUNNING);
      }
    }

    @Override
    public CompletableFuture<Void> chunk(Chunk chunk) {
      ResultListener to = listener.get();
      return to == null
          ? CompletableFuture.failedFuture(new IOException("the requester is gone"))
          : to.onChunk(chunk);
    }

    @Override
    public void finish(TaskResult result) {
      ResultListener to = listener.getAndSet(null);
      if (to != null) {
        to.onResult(result);
      }
    }
  }
}
