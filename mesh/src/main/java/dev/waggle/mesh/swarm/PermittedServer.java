package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Progress;
import dev.waggle.mesh.swarm.exchange.ResultSink;
import dev.waggle.mesh.swarm.exchange.TaskServer;
import dev.waggle.mesh.swarm.membership.ConnectedMembers;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.Role;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Runs others' tasks where the certificates of both sides, labels and conduct allow it. */
final class PermittedServer implements TaskServer {
  // A certificate seldom changes.
  private static final Duration RETRY = Duration.ofMinutes(10);

  private final TaskServer server;
  private final Membership membership;
  private final ConnectedMembers connected;
  private final LabelCheck labels;
  private final Conduct conduct;
  private final Clock clock;

  PermittedServer(
      TaskServer server,
      Membership membership,
      ConnectedMembers connected,
      LabelCheck labels,
      Conduct conduct,
      Clock clock) {
    this.server = server;
    this.membership = membership;
    this.connected = connected;
    this.labels = labels;
    this.conduct = conduct;
    this.clock = clock;
  }

  @Override
  public OfferReply onOffer(PeerId requester, Offer offer) {
    if (!connected.mayAsk(requester) || !Role.mayWork(membership.own().leaf().roles())) {
      return new OfferReply.Declined(OfferReply.Reason.NOT_PERMITTED, RETRY);
    }
    if (!labels.allows(offer.requirements().labels(), requester)) {
      return new OfferReply.Declined(OfferReply.Reason.LABELS, RETRY);
    }
    Optional<Instant> shunned = conduct.standing(requester).shunnedUntil();
    if (shunned.isPresent()) {
      return new OfferReply.Declined(
          OfferReply.Reason.MISCONDUCT, Duration.between(clock.instant(), shunned.get()));
    }
    return server.onOffer(requester, offer);
  }

  @Override
  public void onAssign(Assignment assignment, ResultSink sink) {
    server.onAssign(assignment, sink);
  }

  @Override
  public Progress progress(ClaimId claim) {
    return server.progress(claim);
  }

  @Override
  public void onCancel(ClaimId claim) {
    server.onCancel(claim);
  }

  @Override
  public void onLost(ClaimId claim) {
    server.onLost(claim);
  }

  @Override
  public CompletableFuture<Void> onSettle(PeerId requester, byte[] receipt) {
    return server.onSettle(requester, receipt);
  }
}
