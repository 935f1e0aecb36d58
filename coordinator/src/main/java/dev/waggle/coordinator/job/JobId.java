package dev.waggle.coordinator.job;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** A job's name: 16 hex digits. */
public record JobId(String value) {
  private static final int BYTES = 8;
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{16}");
  private static final SecureRandom RANDOM = new SecureRandom();

  public JobId {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("a job's name has 16 hex digits");
    }
  }

  static JobId random() {
    byte[] bytes = new byte[BYTES];
    RANDOM.nextBytes(bytes);
    return new JobId(HexFormat.of().formatHex(bytes));
  }

  @Override
  public String toString() {
    return value;
  }
}
