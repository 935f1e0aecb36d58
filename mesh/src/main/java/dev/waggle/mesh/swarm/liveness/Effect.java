package dev.waggle.mesh.swarm.liveness;

import dev.waggle.crypto.PeerId;
import java.time.Duration;

/** What a failure detector wants done. */
sealed interface Effect {
  /** Ping a connected member; the answer is {@code onPong} or {@code onNoPong}. */
  record Probe(PeerId peer, Duration timeout) implements Effect {}

  /** Ask another member whether it reaches the peer; the answer is {@code onHelperSays}. */
  record Ask(PeerId helper, PeerId peer, Duration timeout) implements Effect {}

  /** Tell all that the peer, last heard of with that advert, may be gone. */
  record Suspect(PeerId peer, long sequence) implements Effect {}

  /** This node is suspected: advertise it at once. */
  record Refute() implements Effect {}

  /** The peer is gone: forget what it said. */
  record Bury(PeerId peer) implements Effect {}
}
