package dev.waggle.coordinator.job;

import java.io.IOException;

/**
 * Somebody could be asked, and does not take this question, mostly for its length, or this script;
 * another one may be taken.
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
