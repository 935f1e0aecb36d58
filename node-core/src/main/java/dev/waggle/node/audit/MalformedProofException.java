package dev.waggle.node.audit;

/** A file that proves nothing; the message says why. */
public final class MalformedProofException extends Exception {
  private static final long serialVersionUID = 1L;

  MalformedProofException(String message) {
    super(message);
  }

  MalformedProofException(String message, Throwable cause) {
    super(message, cause);
  }
}
