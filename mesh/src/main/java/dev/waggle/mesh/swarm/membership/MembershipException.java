package dev.waggle.mesh.swarm.membership;

/** A certificate, an invite or a join was refused; the message names the cause and the remedy. */
public class MembershipException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Names the cause and the remedy. */
  public MembershipException(String message) {
    super(message);
  }

  MembershipException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Never null: there is always a reason. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
