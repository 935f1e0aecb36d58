package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.swarm.label.Holder;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.label.LabelView;
import dev.waggle.mesh.swarm.membership.Certificate;
import dev.waggle.mesh.swarm.membership.ConnectedMembers;
import dev.waggle.mesh.swarm.membership.Membership;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/**
 * Decides where labelled requests may go, by the certificates of both sides and the connection
 * between them. Thread-safe; nothing blocks for long.
 */
final class LabelCheck implements LabelView {
  private final Membership membership;
  private final ConnectedMembers connected;

  LabelCheck(Membership membership, ConnectedMembers connected) {
    this.membership = membership;
    this.connected = connected;
  }

  @Override
  public Optional<Label> missing(Collection<Label> request) {
    return own().missing(request);
  }

  @Override
  public Optional<String> obstacle(Collection<Label> request, PeerId worker) {
    return request.isEmpty()
        ? Optional.empty()
        : own().obstacle(request, holder(worker), isOnLan(worker));
  }

  /** Whether a member's request may run here. */
  boolean allows(Collection<Label> request, PeerId requester) {
    if (request.isEmpty()) {
      return true;
    }
    Holder holder = holder(requester);
    return holder.missing(request).isEmpty()
        && holder.obstacle(request, own(), isOnLan(requester)).isEmpty();
  }

  private Holder own() {
    return new Holder(membership.own().leaf().labels());
  }

  private Holder holder(PeerId member) {
    return new Holder(connected.certificate(member).map(Certificate::labels).orElse(Set.of()));
  }

  private boolean isOnLan(PeerId member) {
    return connected
        .connection(member)
        .map(Connection::remoteAddress)
        .filter(LocalNetwork::includes)
        .isPresent();
  }
}
