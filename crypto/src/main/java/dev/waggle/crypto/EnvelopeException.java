package dev.waggle.crypto;

/**
 * A sealed message was refused; the message names what failed, and nothing about any key.
 *
 * <p>There is no way to go on from it: whatever was sealed stays sealed.
 */
public final class EnvelopeException extends Exception {
  private static final long serialVersionUID = 1L;

  EnvelopeException(String message) {
    super(message);
  }
}
