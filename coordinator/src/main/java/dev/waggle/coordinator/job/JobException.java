package dev.waggle.coordinator.job;

/** A job cannot be had or changed; the message names the cause and what to do. */
public final class JobException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /** What kind of refusal it is. */
  public enum Kind {
    /** There is no such job or task. */
    UNKNOWN,
    /** Who asks has no proof of a claim. */
    FORBIDDEN,
    /** Somebody else was faster, or it is over. */
    CONFLICT,
    /** There is no room for more now. */
    FULL,
    /** What was given makes no sense. */
    INVALID
  }

  public JobException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /** Never null: there is always a cause. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
