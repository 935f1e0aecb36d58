package dev.waggle.crypto;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Pads what is sealed so that its size tells little: a four-byte length, the bytes, and zeros up to
 * a Padmé length (at most 12 % more; the length's mantissa is no longer than its exponent).
 *
 * <p>Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
 * PURBs", section 4.
 */
final class SizeBuckets {
  private static final int SMALLEST = 256;

  private SizeBuckets() {}

  static byte[] pad(byte[] bytes) {
    return pad(bytes, SMALLEST);
  }

  /** Pads to at least the given size. */
  static byte[] pad(byte[] bytes, int smallest) {
    int size = bucket(Integer.BYTES + bytes.length, smallest);
    return ByteBuffer.allocate(size).putInt(bytes.length).put(bytes).array();
  }

  static byte[] unpad(byte[] padded) throws EnvelopeException {
    if (padded.length < Integer.BYTES) {
      throw new EnvelopeException("the padding is cut off");
    }
    int length = ByteBuffer.wrap(padded).getInt();
    if (length < 0 || length > padded.length - Integer.BYTES) {
      throw new EnvelopeException("the padding names a wrong length");
    }
    return Arrays.copyOfRange(padded, Integer.BYTES, Integer.BYTES + length);
  }

  static int bucket(int length, int smallest) {
    if (length <= smallest) {
      return smallest;
    }
    int exponent = 31 - Integer.numberOfLeadingZeros(length);
    int mantissaBits = 32 - Integer.numberOfLeadingZeros(exponent);
    int mask = (1 << (exponent - mantissaBits)) - 1;
    return (length + mask) & ~mask;
  }
}
