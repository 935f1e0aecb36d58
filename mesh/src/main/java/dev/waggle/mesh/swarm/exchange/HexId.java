package dev.waggle.mesh.swarm.exchange;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** What task ids and claim ids have in common: 128 random bits as hexadecimal text. */
final class HexId {
  private static final int RANDOM_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{32}");

  private HexId() {}

  static String random() {
    byte[] bytes = new byte[RANDOM_BYTES];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  static void check(String value, String what) {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("a " + what + " is 32 lower-case hexadecimal digits");
    }
  }
}
