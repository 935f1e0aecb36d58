package dev.waggle.mesh.swarm.membership;

import java.util.Optional;

/** Why an invite was not redeemed. The code is what is sent; it never changes its meaning. */
public enum JoinRefusal {
  /** Somebody else used it before. */
  USED(1, "the invite was used already (ask for a new one: waggle invite)"),
  /** Its time is over. */
  EXPIRED(2, "the invite has expired (ask for a new one: waggle invite)"),
  /** The node did not make it, or may not any more. */
  UNKNOWN(3, "the node that the invite names did not make it, or is no admin any more"),
  /** There is no room. */
  FULL(4, "the swarm is full"),
  /** It is bound to another peer. */
  ANOTHERS(5, "the invite is for another node (ask for one that names this one)"),
  /** The peer was revoked, and the invite does not name it. */
  REVOKED(6, "this node was revoked (an admin may let it back in: waggle invite --for PEER-ID)");

  private final int code;
  private final String message;

  JoinRefusal(int code, String message) {
    this.code = code;
    this.message = message;
  }

  int code() {
    return code;
  }

  String message() {
    return message;
  }

  static Optional<JoinRefusal> ofCode(int code) {
    for (JoinRefusal refusal : values()) {
      if (refusal.code == code) {
        return Optional.of(refusal);
      }
    }
    return Optional.empty();
  }
}
