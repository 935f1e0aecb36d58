package dev.waggle.node;

/** A node cannot start; the message names the cause and the remedy. */
public final class NodeException extends Exception {
  private static final long serialVersionUID = 1L;

  NodeException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Never null: there is always a cause. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
