package dev.waggle.mesh.swarm.exchange;

import java.time.Instant;
import java.util.HexFormat;

/**
 * The name of one task: 32 lower-case hexadecimal digits, unique in practice. Nothing follows from
 * their meaning.
 */
public record TaskId(String value) {
  private static final int TIME_DIGITS = 12;
  private static final int RANDOM_BYTES = 10;

  public TaskId {
    HexId.check(value, "task id");
  }

  /**
   * A new id: its moment in milliseconds, 48 bits, then 80 random bits. So tasks of one time are
   * neighbours in each index of a ledger, however long that is.
   */
  public static TaskId at(Instant now) {
    String time = HexFormat.of().toHexDigits(now.toEpochMilli(), TIME_DIGITS);
    return new TaskId(time + HexId.random(RANDOM_BYTES));
  }

  @Override
  public String toString() {
    return value;
  }
}
