package dev.waggle.node.git;

/** A revision cannot be frozen; the message names the cause and the remedy. */
public final class RevisionException extends Exception {
  private static final long serialVersionUID = 1L;

  RevisionException(String message) {
    super(message);
  }

  RevisionException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Never null: there is always a cause. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
