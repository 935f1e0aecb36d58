package dev.waggle.coordinator.job;

/** What was answered cannot be used; the message says so to who answered. */
final class UnreadableAnswerException extends Exception {
  private static final long serialVersionUID = 1L;

  UnreadableAnswerException(String message) {
    super(message);
  }

  /** Never null: there is always a cause. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
