package dev.waggle.mesh.swarm.exchange;

/** What became of an offer, for the requester. */
public sealed interface OfferOutcome {
  /** The worker accepted; the claim can be assigned. */
  record Claimed(HeldClaim claim) implements OfferOutcome {}

  /** The worker declined. */
  record Declined(OfferReply.Declined reply) implements OfferOutcome {}
}
