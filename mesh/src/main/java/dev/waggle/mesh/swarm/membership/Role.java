package dev.waggle.mesh.swarm.membership;

import java.util.Optional;

/** What a certificate allows. The code is what is signed; it never changes its meaning. */
public enum Role {
  /** Asks for work and does it. */
  MEMBER(1),
  /** Also invites others. */
  ADMIN(2);

  private final int code;

  Role(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static Optional<Role> ofCode(int code) {
    for (Role role : values()) {
      if (role.code == code) {
        return Optional.of(role);
      }
    }
    return Optional.empty();
  }
}
