package dev.waggle.crypto;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * AES-256-GCM under one key with a counted nonce: three zero bytes, a byte that is 1 for the last
 * piece, and the sequence number. The envelope's header is the associated data of every piece.
 *
 * <p>The last-piece byte is in the nonce, so a piece cannot be passed off as the last nor the last
 * as another (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár).
 */
final class ResultCipher {
  /** The most pieces of one result. */
  static final long PIECES_MAX = 1L << 32;

  private static final int TAG_BITS = 128;
  private static final int NONCE_BYTES = 12;
  // Hides whether a token has two letters or twenty.
  private static final int SMALLEST = 32;

  private final byte[] key;
  private final byte[] header;
  // Has the key, too, once it was used.
  private @Nullable Cipher cipher;
  private long sequence;
  private boolean usable = true;

  ResultCipher(byte[] key, byte[] header) {
    this.key = key;
    this.header = header;
  }

  byte[] seal(byte[] piece, boolean last) throws EnvelopeException {
    requireUsable();
    try {
      Cipher sealing = begin(Cipher.ENCRYPT_MODE, last);
      sequence++;
      return sealing.doFinal(SizeBuckets.pad(piece, SMALLEST));
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every JDK has AES-256-GCM", e);
    }
  }

  byte[] open(byte[] sealed, boolean last) throws EnvelopeException {
    requireUsable();
    try {
      byte[] piece = SizeBuckets.unpad(begin(Cipher.DECRYPT_MODE, last).doFinal(sealed));
      sequence++;
      return piece;
    } catch (GeneralSecurityException | EnvelopeException e) {
      erase();
      throw new EnvelopeException(
          "piece " + (sequence + 1) + " of the result is changed, repeated, missing or cut off");
    }
  }

  void erase() {
    usable = false;
    cipher = null;
    Arrays.fill(key, (byte) 0);
  }

  private void requireUsable() throws EnvelopeException {
    if (!usable) {
      throw new EnvelopeException("the result has ended");
    }
    if (sequence >= PIECES_MAX) {
      throw new EnvelopeException("the result has too many pieces");
    }
  }

  private Cipher begin(int mode, boolean last) throws GeneralSecurityException {
    byte[] nonce = ByteBuffer.allocate(NONCE_BYTES).putInt(last ? 1 : 0).putLong(sequence).array();
    Cipher now = cipher == null ? Cipher.getInstance("AES/GCM/NoPadding") : cipher;
    cipher = now;
    now.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    now.updateAAD(header);
    return now;
  }
}
