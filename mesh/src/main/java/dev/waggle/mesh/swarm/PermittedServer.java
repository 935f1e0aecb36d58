package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.ResultSink;
import dev.waggle.mesh.swarm.exchange.TaskServer;
import dev.waggle.mesh.swarm.membership.Role;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/** Runs others' tasks where the certificates of both sides allow it. */
final class PermittedServer implements TaskServer {
  // A certificate seldom changes.
  private static final Duration RETRY = Duration.ofMinutes(10);

  private final TaskServer server;
  private final Function<PeerId, Set<Role>> roles;
  private final Supplier<Set<Role>> own;

  PermittedServer(TaskServer server, Function<PeerId, Set<Role>> roles, Supplier<Set<Role>> own) {
    this.server = server;
    this.roles = roles;
    this.own = own;
  }

  @Override
  public OfferReply onOffer(PeerId requester, Offer offer) {
    return Role.mayAsk(roles.apply(requester)) && Role.mayWork(own.get())
        ? server.onOffer(requester, offer)
        : new OfferReply.Declined(OfferReply.Reason.NOT_PERMITTED, RETRY);
  }

  @Override
  public void onAssign(Assignment assignment, ResultSink sink) {
    server.onAssign(assignment, sink);
  }

  @Override
  public void onCancel(ClaimId claim) {
    server.onCancel(claim);
  }

  @Override
  public CompletableFuture<Void> onSettle(PeerId requester, byte[] receipt) {
    return server.onSettle(requester, receipt);
  }
}
