package dev.waggle.node.job;

/** A job file is wrong; the message names the line and the field, and what to write instead. */
public final class JobFileException extends Exception {
  private static final long serialVersionUID = 1L;

  public JobFileException(String message) {
    super(message);
  }

  public JobFileException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Never null: there is always a cause. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
