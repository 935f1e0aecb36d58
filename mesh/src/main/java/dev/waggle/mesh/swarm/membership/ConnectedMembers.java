package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import java.util.Optional;
import java.util.Set;

/** The members that are connected and admitted now. Thread-safe; nothing blocks. */
public interface ConnectedMembers {
  /** The admitted connection to a peer. */
  Optional<Connection> connection(PeerId peer);

  /** What requests to it have to be bound to. */
  Optional<byte[]> bootId(PeerId peer);

  /** What it may do, by the certificate that it showed; nothing for a peer that is none of them. */
  Set<Role> roles(PeerId peer);
}
