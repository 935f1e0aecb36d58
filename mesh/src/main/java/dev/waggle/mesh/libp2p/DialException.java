package dev.waggle.mesh.libp2p;

/** No address led to the wanted peer; the message says what each one answered. */
public final class DialException extends Exception {
  private static final long serialVersionUID = 1L;

  public DialException(String message) {
    super(message);
  }

  public DialException(String message, Throwable cause) {
    super(message, cause);
  }
}
