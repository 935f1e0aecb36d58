package dev.waggle.mesh.swarm.membership;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What a certificate allows. The code is what is signed; it never changes its meaning. */
public enum Role {
  /** Asks for work, does it, and carries others' connections. */
  MEMBER(1),
  /** Invites others and revokes them. Only the swarm's owner makes admins. */
  ADMIN(2),
  /** Does work, and asks for none. */
  WORKER(3),
  /** Asks for work, and does none. */
  REQUESTER(4),
  /** Asks for work in others' stead, and does none. */
  COORDINATOR(5),
  /** Carries others' connections, and nothing else. */
  RELAY(6);

  private static final Set<Role> ASKING = EnumSet.of(MEMBER, REQUESTER, COORDINATOR);
  private static final Set<Role> COORDINATING = EnumSet.of(MEMBER, COORDINATOR);
  private static final Set<Role> WORKING = EnumSet.of(MEMBER, WORKER);

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

  /**
   * What is granted to somebody who is to be that: an admin is a member, too.
   *
   * @throws IllegalArgumentException naming the roles there are, if there is none of that name
   */
  public static Set<Role> granted(String name) {
    for (Role role : values()) {
      if (role.word().equals(name)) {
        return role == ADMIN ? EnumSet.of(MEMBER, ADMIN) : EnumSet.of(role);
      }
    }
    throw new IllegalArgumentException(
        "there is no role \""
            + name
            + "\" (member, admin, worker, requester, coordinator or relay)");
  }

  /** Its name for people. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether these roles let a node offer tasks to others. */
  public static boolean mayAsk(Set<Role> roles) {
    return roles.stream().anyMatch(ASKING::contains);
  }

  /** Whether these roles let a node ask for work in others' stead. */
  public static boolean mayCoordinate(Set<Role> roles) {
    return roles.stream().anyMatch(COORDINATING::contains);
  }

  /** Whether these roles let a node run others' tasks. */
  public static boolean mayWork(Set<Role> roles) {
    return roles.stream().anyMatch(WORKING::contains);
  }
}
