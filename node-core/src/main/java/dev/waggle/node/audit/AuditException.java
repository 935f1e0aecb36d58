package dev.waggle.node.audit;

import org.jspecify.annotations.Nullable;

/** A member's record cannot be checked now; the message says why. */
public final class AuditException extends Exception {
  private static final long serialVersionUID = 1L;

  AuditException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
