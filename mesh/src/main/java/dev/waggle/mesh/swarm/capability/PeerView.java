package dev.waggle.mesh.swarm.capability;

import dev.waggle.crypto.PeerId;
import java.util.List;
import java.util.Optional;

/** The peers of the swarm as this node sees them now. Thread-safe; answers are snapshots. */
public interface PeerView {
  /** Every other member that is connected or advertised itself lately. */
  List<Peer> peers();

  /** One of them. */
  Optional<Peer> peer(PeerId id);
}
