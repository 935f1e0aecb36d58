package dev.waggle.crypto;

/**
 * Seals the pieces of one result, in order, the last one marked as such.
 *
 * <p>Not thread-safe. Erases its key with the last piece.
 */
public final class ResultSealer {
  private final ResultCipher cipher;

  ResultSealer(byte[] key, byte[] header) {
    this.cipher = new ResultCipher(key, header);
  }

  /** Seals a piece that others follow. */
  public byte[] seal(byte[] piece) throws EnvelopeException {
    return cipher.seal(piece, false);
  }

  /** Seals the last piece; nothing can be sealed after it. */
  public byte[] sealFinal(byte[] piece) throws EnvelopeException {
    byte[] sealed = cipher.seal(piece, true);
    cipher.erase();
    return sealed;
  }

  /** Erases the key early, when no more will be sent. Idempotent. */
  public void erase() {
    cipher.erase();
  }
}
