package dev.waggle.mesh.libp2p.multiformat;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Unsigned varints of at most 31 bits in their shortest form (multiformats unsigned-varint). */
public final class Varint {
  private static final int BYTES_MAX = 5;

  private Varint() {}

  /** Appends the varint of a value that is 0 or more. */
  public static void write(ByteArrayOutputStream to, int value) {
    int rest = value;
    while (rest > 0x7f) {
      to.write((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    to.write(rest);
  }

  /** How many bytes the varint of a value takes that is 0 or more. */
  public static int encodedBytes(int value) {
    return Math.max(1, (Integer.SIZE - Integer.numberOfLeadingZeros(value) + 6) / 7);
  }

  /** The varint of a value that is 0 or more. */
  public static byte[] encode(int value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(BYTES_MAX);
    write(bytes, value);
    return bytes.toByteArray();
  }

  /**
   * Reads a varint and moves past it; returns -1 and does not move while it is incomplete.
   *
   * @throws MalformedFrameException if it is longer than 31 bits or not in its shortest form
   */
  public static int read(ByteBuffer from) throws MalformedFrameException {
    int start = from.position();
    long value = 0;
    for (int i = 0; i < BYTES_MAX; i++) {
      if (!from.hasRemaining()) {
        from.position(start);
        return -1;
      }
      int next = from.get() & 0xff;
      value |= (long) (next & 0x7f) << (7 * i);
      if (next < 0x80) {
        if (value > Integer.MAX_VALUE || (next == 0 && i > 0)) {
          break;
        }
        return (int) value;
      }
    }
    throw new MalformedFrameException("a varint is too long");
  }
}
