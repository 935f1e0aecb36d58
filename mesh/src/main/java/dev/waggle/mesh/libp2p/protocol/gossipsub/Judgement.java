package dev.waggle.mesh.libp2p.protocol.gossipsub;

/** What came of a message's validation. */
enum Judgement {
  /** Good: it is delivered and passed on. */
  ACCEPTED,
  /** Of no use, and nobody is to blame. */
  IGNORED,
  /** Truly its author's, and wrong: whoever passed it on is to blame. */
  REJECTED,
  /** Its author did not sign it: whoever passed it on is to blame, and the true one may come. */
  FORGED,
  /** There was no time to look at it: as if it had not come. */
  UNJUDGED
}
