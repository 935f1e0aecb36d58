package dev.waggle.mesh.swarm.exchange;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** What task ids and claim ids have in common: 128 bits as hexadecimal text. */
final class HexId {
  static final int BYTES = 16;

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{32}");

  private HexId() {}

  /** Random digits, two for each byte. */
  static String random(int bytes) {
    byte[] random = new byte[bytes];
    RANDOM.nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  static void check(String value, String what) {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("a " + what + " is 32 lower-case hexadecimal digits");
    }
  }
}
