package dev.waggle.crypto;

import java.io.ByteArrayOutputStream;

/** Unpadded lower-case base32 (RFC 4648, section 6), the text form of CIDs and invite tokens. */
public final class Base32 {
  private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

  private Base32() {}

  /** The text form of the bytes, without padding. */
  public static String encode(byte[] bytes) {
    StringBuilder text = new StringBuilder((bytes.length * 8 + 4) / 5);
    int buffer = 0;
    int bits = 0;
    for (byte value : bytes) {
      buffer = (buffer << 8) | (value & 0xff);
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        text.append(ALPHABET.charAt((buffer >> bits) & 31));
      }
    }
    if (bits > 0) {
      text.append(ALPHABET.charAt((buffer << (5 - bits)) & 31));
    }
    return text.toString();
  }

  /**
   * Decodes lower-case text of at most {@code charactersMax} characters.
   *
   * @throws IllegalArgumentException if the text is longer, has a character outside the alphabet,
   *     or could not have come from {@link #encode}
   */
  public static byte[] decode(String text, int charactersMax) {
    if (text.length() > charactersMax) {
      throw new IllegalArgumentException("base32 text is longer than " + charactersMax);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length() * 5 / 8);
    int buffer = 0;
    int bits = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = ALPHABET.indexOf(text.charAt(i));
      if (digit < 0) {
        throw new IllegalArgumentException("not a base32 character at position " + (i + 1));
      }
      buffer = (buffer << 5) | digit;
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        bytes.write(buffer >> bits);
      }
      buffer &= (1 << bits) - 1;
    }
    if (bits >= 5 || buffer != 0) {
      throw new IllegalArgumentException("base32 text is cut off");
    }
    return bytes.toByteArray();
  }
}
