package dev.waggle.mesh.swarm.snapshot;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.OptionalLong;

/** The header of an entry in the format of GNU tar (its manual, "Basic Tar Format"). */
public final class TarHeader {
  /** The length of a header, and what contents are filled up to. */
  public static final int BYTES = 512;

  /** The longest name that a header has room for. */
  public static final int NAME_BYTES = 100;

  /** A regular file. */
  public static final byte FILE = '0';

  /** An entry whose content is the name of the next one. */
  public static final byte LONG_NAME = 'L';

  private static final int MODE_AT = 100;
  private static final int SIZE_AT = 124;
  private static final int SIZE_DIGITS = 11;
  private static final int SUM_AT = 148;
  private static final int SUM_BYTES = 8;
  private static final int TYPE_AT = 156;
  private static final int MAGIC_AT = 257;
  private static final byte[] MAGIC = "ustar  ".getBytes(StandardCharsets.US_ASCII);
  private static final String EXECUTABLE = "0000755";
  private static final String PLAIN = "0000644";

  private TarHeader() {}

  /**
   * A header without an owner and a time.
   *
   * @param name in UTF-8; what is longer than {@link #NAME_BYTES} is cut
   */
  static byte[] of(byte[] name, byte type, int size, boolean executable) {
    byte[] header = new byte[BYTES];
    System.arraycopy(name, 0, header, 0, Math.min(name.length, NAME_BYTES));
    ascii(header, MODE_AT, executable ? EXECUTABLE : PLAIN);
    ascii(header, SIZE_AT, String.format("%011o", size));
    header[TYPE_AT] = type;
    System.arraycopy(MAGIC, 0, header, MAGIC_AT, MAGIC.length);
    ascii(header, SUM_AT, " ".repeat(SUM_BYTES));
    ascii(header, SUM_AT, String.format("%06o\0", sum(header)));
    return header;
  }

  private static void ascii(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  private static int sum(byte[] header) {
    int sum = 0;
    for (int i = 0; i < BYTES; i++) {
      boolean sumItself = i >= SUM_AT && i < SUM_AT + SUM_BYTES;
      sum += sumItself ? ' ' : header[i] & 0xff;
    }
    return sum;
  }

  /** How much room a content takes in an archive. */
  public static long padded(long size) {
    return (size + BYTES - 1) / BYTES * BYTES;
  }

  /** What a header says its content has; empty if it is none, or the end of the archive. */
  public static OptionalLong size(byte[] header) {
    try {
      String sum = text(Arrays.copyOfRange(header, SUM_AT, SUM_AT + SUM_BYTES), SUM_BYTES).strip();
      if (Integer.parseInt(sum, 8) != sum(header)) {
        return OptionalLong.empty();
      }
      byte[] digits = Arrays.copyOfRange(header, SIZE_AT, SIZE_AT + SIZE_DIGITS);
      long size = Long.parseLong(text(digits, SIZE_DIGITS).strip(), 8);
      return size < 0 ? OptionalLong.empty() : OptionalLong.of(size);
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** What kind of entry it is of. */
  public static byte type(byte[] header) {
    return header[TYPE_AT];
  }

  /** The name in it. */
  public static String name(byte[] header) {
    return text(header, NAME_BYTES);
  }

  static boolean isExecutable(byte[] header) {
    byte[] mode = Arrays.copyOfRange(header, MODE_AT, MODE_AT + EXECUTABLE.length());
    return Arrays.equals(mode, EXECUTABLE.getBytes(StandardCharsets.US_ASCII));
  }

  /** What is in some bytes before the first that is zero. */
  public static String text(byte[] bytes, int bytesMax) {
    int end = 0;
    while (end < bytesMax && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }
}
