package dev.waggle.coordinator.job;

import java.io.IOException;

/**
 * A model is there and does not take this question, mostly for its length; a shorter one it may.
 */
final class RefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  RefusedException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Never null: there is always a cause. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
