package dev.waggle.ledger;

import java.util.Optional;

/** What an entry records. The code is what is stored; it never changes its meaning. */
public enum EntryType {
  /** A node became a member, or this node of a swarm. */
  JOIN(1),
  /** An attempt that came to nothing, as its requester saw it. */
  ATTEMPT(2),
  /** A settled task, signed by both sides. */
  RECEIPT(3),
  /** This node left its swarm; the certificate that it had. */
  LEAVE(4),
  /** This node ended another's membership; the revocation. */
  REVOKE(5),
  /** The payloads of entries up to a sequence may be gone; see {@link Forgotten}. */
  FORGET(6),
  /** What this node allows was changed; a sentence in UTF-8. */
  POLICY(7),
  /** A member's record tells two stories; see {@link dev.waggle.ledger.tlog.Fork#text}. */
  FORK(8),
  /** A task that this node ran for another; its half of the receipt, which earns nothing yet. */
  RESULT(9),
  /** The other half of a result's receipt did not come; see {@link Dispute}. */
  DISPUTED(10),
  /** A member offered a task that this node gave a place to; see {@link Offered}. */
  OFFER(11),
  /** A worker's signed word that it has a place for this node's task; see {@link Claimed}. */
  CLAIM(12),
  /**
   * What a member's record was when this node looked at it and cosigned it; the signed note. Once
   * an hour at most for each member: each such entry makes this record longer, which others then
   * cosign.
   */
  CHECKPOINT(13),
  /** A result was accepted, or a person said how a task goes on; a sentence in UTF-8. */
  APPROVAL(14);

  private static final EntryType[] ALL = values();

  private final int code;

  EntryType(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static Optional<EntryType> ofCode(int code) {
    for (EntryType type : ALL) {
      if (type.code == code) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
