package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.ModelId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Progress;
import dev.waggle.mesh.swarm.exchange.ResultSink;
import dev.waggle.mesh.swarm.exchange.TaskServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** A worker that does what the test says, and notes what it was asked. */
final class ScriptedServer implements TaskServer {
  final List<Offer> offers = new CopyOnWriteArrayList<>();
  final List<Assignment> assignments = new CopyOnWriteArrayList<>();
  final List<ClaimId> canceled = new CopyOnWriteArrayList<>();
  final List<ClaimId> lost = new CopyOnWriteArrayList<>();
  final List<byte[]> settled = new CopyOnWriteArrayList<>();

  static final ModelId MODEL = new ModelId(TestNode.MODEL, "sha256:" + "0".repeat(64));

  volatile Function<Offer, OfferReply> answer =
      offer ->
          new OfferReply.Accepted(
              ClaimId.random(), Duration.ofSeconds(30), 0, Duration.ZERO, MODEL);
  volatile BiConsumer<Assignment, ResultSink> work = (assignment, sink) -> {};
  volatile Progress progress = Progress.RUNNING;
  volatile CompletableFuture<Void> settlement = CompletableFuture.completedFuture(null);

  @Override
  public OfferReply onOffer(PeerId requester, Offer offer) {
    offers.add(offer);
    return answer.apply(offer);
  }

  @Override
  public void onAssign(Assignment assignment, ResultSink sink) {
    assignments.add(assignment);
    work.accept(assignment, sink);
  }

  @Override
  public Progress progress(ClaimId claim) {
    return progress;
  }

  @Override
  public void onCancel(ClaimId claim) {
    canceled.add(claim);
  }

  @Override
  public void onLost(ClaimId claim) {
    lost.add(claim);
  }

  @Override
  public CompletableFuture<Void> onSettle(PeerId requester, byte[] receipt) {
    settled.add(receipt);
    return settlement;
  }
}
