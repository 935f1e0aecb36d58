package dev.waggle.crypto;

/** The node's keys cannot be read or kept; the message names the file, the cause and the remedy. */
public final class SecretsException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Names the file or secret, the cause and the remedy. */
  public SecretsException(String message) {
    super(message);
  }

  SecretsException(String message, Throwable cause) {
    super(message, cause);
  }
}
