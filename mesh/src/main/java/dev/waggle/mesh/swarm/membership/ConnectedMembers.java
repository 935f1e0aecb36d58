package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import java.util.Optional;

/** The members that are connected and admitted now. Thread-safe; nothing blocks. */
public interface ConnectedMembers {
  /** The admitted connection to a peer. */
  Optional<Connection> connection(PeerId peer);

  /** What requests to it have to be bound to. */
  Optional<byte[]> bootId(PeerId peer);

  /** The latest certificate of one of them. */
  Optional<Certificate> certificate(PeerId peer);

  /** Whether a peer is one of them, and may ask others for work. */
  default boolean mayAsk(PeerId peer) {
    return certificate(peer).map(Certificate::roles).map(Role::mayAsk).orElse(false);
  }
}
