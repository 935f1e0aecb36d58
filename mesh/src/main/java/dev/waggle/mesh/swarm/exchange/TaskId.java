package dev.waggle.mesh.swarm.exchange;

import java.time.Instant;
import java.util.HexFormat;

/**
 * The name of one task: 32 lower-case hexadecimal digits, unique in practice. Others may make
 * theirs as they like: nothing relies on what is in them.
 */
public record TaskId(String value) {
  private static final int TIME_BYTES = 6;

  public TaskId {
    HexId.check(value, "task id");
  }

  /**
   * A new id: its moment in milliseconds, 48 bits, then 80 random bits. So tasks of one time are
   * neighbours in each index of a ledger, however long that is.
   */
  public static TaskId at(Instant now) {
    String time = HexFormat.of().toHexDigits(now.toEpochMilli(), 2 * TIME_BYTES);
    return new TaskId(time + HexId.random(HexId.BYTES - TIME_BYTES));
  }

  @Override
  public String toString() {
    return value;
  }
}
