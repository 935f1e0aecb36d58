package dev.waggle.crypto;

/**
 * Opens the pieces of one result in the order in which they were sealed.
 *
 * <p>A piece that is changed, repeated, out of order or missing does not open, and neither does
 * anything after it. A result is whole only when {@link #isComplete} says so: a stream that ends
 * before was cut. Not thread-safe. Erases its key with the last piece.
 */
public final class ResultOpener {
  private final ResultCipher cipher;
  private boolean complete;

  ResultOpener(byte[] key, byte[] header) {
    this.cipher = new ResultCipher(key, header);
  }

  /** Opens a piece that others follow. */
  public byte[] open(byte[] sealed) throws EnvelopeException {
    return cipher.open(sealed, false);
  }

  /** Opens the last piece. */
  public byte[] openFinal(byte[] sealed) throws EnvelopeException {
    byte[] piece = cipher.open(sealed, true);
    complete = true;
    cipher.erase();
    return piece;
  }

  /** Whether the last piece was opened, and so nothing is missing. */
  public boolean isComplete() {
    return complete;
  }

  /** Erases the key early, when no more will be read. Idempotent. */
  public void erase() {
    cipher.erase();
  }
}
