package dev.waggle.mesh.swarm.blob;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.swarm.membership.Certificate;
import dev.waggle.mesh.swarm.membership.ConnectedMembers;
import java.util.Optional;

/** Every member is at the end of one connection. */
record Connected(Connection connection) implements ConnectedMembers {
  @Override
  public Optional<Connection> connection(PeerId peer) {
    return Optional.of(connection);
  }

  @Override
  public Optional<byte[]> bootId(PeerId peer) {
    return Optional.empty();
  }

  @Override
  public Optional<Certificate> certificate(PeerId peer) {
    return Optional.empty();
  }
}
