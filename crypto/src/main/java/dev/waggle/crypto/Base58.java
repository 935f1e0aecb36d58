package dev.waggle.crypto;

import java.math.BigInteger;
import java.util.Arrays;

/** Base58 with the Bitcoin alphabet, the text form of peer ids (libp2p peer-ids spec). */
final class Base58 {
  private static final String ALPHABET =
      "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  private static final BigInteger RADIX = BigInteger.valueOf(58);

  private Base58() {}

  static String encode(byte[] bytes) {
    StringBuilder digits = new StringBuilder();
    BigInteger rest = new BigInteger(1, bytes);
    while (rest.signum() > 0) {
      BigInteger[] step = rest.divideAndRemainder(RADIX);
      digits.append(ALPHABET.charAt(step[1].intValue()));
      rest = step[0];
    }
    for (int i = 0; i < bytes.length && bytes[i] == 0; i++) {
      digits.append(ALPHABET.charAt(0));
    }
    return digits.reverse().toString();
  }

  /**
   * Decodes text of at most {@code charactersMax} characters.
   *
   * @throws IllegalArgumentException if the text is longer or has a character outside the alphabet
   */
  static byte[] decode(String text, int charactersMax) {
    if (text.length() > charactersMax) {
      throw new IllegalArgumentException("base58 text is longer than " + charactersMax);
    }
    BigInteger value = BigInteger.ZERO;
    int zeros = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = ALPHABET.indexOf(text.charAt(i));
      if (digit < 0) {
        throw new IllegalArgumentException("not a base58 character at position " + (i + 1));
      }
      value = value.multiply(RADIX).add(BigInteger.valueOf(digit));
      if (value.signum() == 0) {
        zeros++;
      }
    }
    byte[] magnitude = value.toByteArray();
    int from = value.signum() == 0 ? magnitude.length : magnitude[0] == 0 ? 1 : 0;
    byte[] bytes = new byte[zeros + magnitude.length - from];
    System.arraycopy(magnitude, from, bytes, zeros, magnitude.length - from);
    return Arrays.copyOf(bytes, bytes.length);
  }
}
