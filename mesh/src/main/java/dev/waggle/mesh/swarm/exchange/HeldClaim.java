package dev.waggle.mesh.swarm.exchange;

import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.PeerId;
import java.util.Optional;

/** A claim that a worker holds for this requester. Thread-safe. */
public interface HeldClaim {
  /** Who holds the place. */
  PeerId worker();

  /** The worker's acceptance. */
  OfferReply.Accepted acceptance();

  /** What the worker signed of it; empty for this node's own worker. */
  Optional<ClaimPromise> promise();

  /**
   * Seals the task to the claim's key and sends it; the listener hears the rest. At most once. The
   * lease is renewed for as long as the listener has not heard the end.
   *
   * @param part lets the worker keep the result if this node goes away meanwhile
   * @return SHA-256 of the sealed task as it travels, 32 bytes
   */
  byte[] assign(TaskSpec spec, Optional<JobPart> part, ResultListener listener);

  /** Assigns a task that is given up when this node goes away. */
  default byte[] assign(TaskSpec spec, ResultListener listener) {
    return assign(spec, Optional.empty(), listener);
  }

  /** Gives the claim up at once, before or after {@link #assign}. Idempotent. */
  void cancel();

  /** Goes away without giving it up: a worker that keeps the result ends it. Idempotent. */
  void leave();
}
