package dev.waggle.mesh.swarm.exchange;

import java.time.Duration;

/**
 * How much code may use. A worker runs nothing with more than its owner allows.
 *
 * @param wall how long it may run, at most {@link #WALL_MAX}
 * @param memoryBytes of all its processes together
 * @param processes at once, threads included
 * @param diskBytes that it may write in its directory
 * @param outputBytes of its output and its errors together; what goes beyond is cut
 */
public record CodeLimits(
    Duration wall, long memoryBytes, int processes, long diskBytes, int outputBytes) {
  /** The longest run that can be asked for. */
  public static final Duration WALL_MAX = Duration.ofHours(1);

  /** The most memory that can be asked for. */
  public static final long MEMORY_BYTES_MAX = 64L << 30;

  /** The most processes that can be asked for. */
  public static final int PROCESSES_MAX = 4_096;

  /** The most room that can be asked for. */
  public static final long DISK_BYTES_MAX = 16L << 30;

  /** The most output that can be asked for. */
  public static final int OUTPUT_BYTES_MAX = 16 << 20;

  /** What is used where nobody says otherwise. */
  public static final CodeLimits DEFAULT =
      new CodeLimits(Duration.ofSeconds(30), 256L << 20, 64, 16L << 20, 64 << 10);

  public CodeLimits {
    if (wall.isNegative() || wall.isZero() || wall.compareTo(WALL_MAX) > 0) {
      throw new IllegalArgumentException(
          "code may run for more than nothing and at most " + WALL_MAX.toSeconds() + " s");
    }
    check("memory", memoryBytes, MEMORY_BYTES_MAX);
    check("processes", processes, PROCESSES_MAX);
    check("disk space", diskBytes, DISK_BYTES_MAX);
    check("output", outputBytes, OUTPUT_BYTES_MAX);
  }

  private static void check(String what, long value, long most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(what + " for code is 1 to " + most);
    }
  }

  /** Of each the smaller. */
  public CodeLimits atMost(CodeLimits other) {
    return new CodeLimits(
        wall.compareTo(other.wall) < 0 ? wall : other.wall,
        Math.min(memoryBytes, other.memoryBytes),
        Math.min(processes, other.processes),
        Math.min(diskBytes, other.diskBytes),
        Math.min(outputBytes, other.outputBytes));
  }
}
