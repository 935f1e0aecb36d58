package dev.waggle.mesh.swarm.membership;

/** Two clocks are too far apart to tell what is current. */
final class ClockSkewException extends MembershipException {
  private static final long serialVersionUID = 1L;

  ClockSkewException(String message) {
    super(message);
  }
}
