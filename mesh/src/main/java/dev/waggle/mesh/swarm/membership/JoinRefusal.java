package dev.waggle.mesh.swarm.membership;

import java.util.Optional;

/** Why an invite was not redeemed. The code is what is sent; it never changes its meaning. */
enum JoinRefusal {
  USED(1, "the invite was used already (ask for a new one: waggle invite)"),
  EXPIRED(2, "the invite has expired (ask for a new one: waggle invite)"),
  UNKNOWN(3, "the node that the invite names did not make it, or is no admin any more"),
  FULL(4, "the swarm is full");

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
