package dev.waggle.mesh.swarm.exchange;

import java.time.Duration;

/** A worker's answer to an offer. Declining is normal and carries no penalty. */
public sealed interface OfferReply {
  /**
   * The worker holds a place for the task until the lease ends.
   *
   * @param lease how long the place is held without an assignment, and, after it, without a renewal
   * @param queuePosition how many tasks go first; 0 starts at once
   * @param eta when it will begin to run, as far as the worker can tell
   * @param model what will run the task
   */
  record Accepted(ClaimId claim, Duration lease, int queuePosition, Duration eta, ModelId model)
      implements OfferReply {}

  /** The worker will not run it now; ask again no sooner than {@code retryAfter}. */
  record Declined(Reason reason, Duration retryAfter) implements OfferReply {}

  /** Why an offer was declined. */
  enum Reason {
    /** Slots and queue are full. */
    BUSY,
    /** The worker has no such model, or no longer. */
    NO_SUCH_MODEL,
    /** The task is larger than the worker takes. */
    TOO_LARGE,
    /** The worker is shutting down. */
    STOPPING,
    /** The worker's ledger cannot write. */
    LEDGER_UNAVAILABLE,
    /** A certificate of one of the two does not allow it. */
    NOT_PERMITTED,
    /** The machine's owner keeps it to himself now. */
    OWNER,
    /** The machine is busy with its owner's work; it may take the task in a moment. */
    DEFERRED,
    /** The member has as many tasks there, or owes as many credits, as the owner allows. */
    QUOTA,
    /** A label of the request, or a rule of the worker's owner about labels, does not allow it. */
    LABELS,
    /** The requester did too often what no honest node does. */
    MISCONDUCT
  }
}
