package dev.waggle.mesh.swarm.exchange;

import java.time.Duration;

/**
 * How code ended and what it took.
 *
 * @param end what ended it
 * @param code that its process returned; 128 and the signal's number where a signal ended it
 * @param cpu time of all its processes, user and system
 * @param wall from its start to its end
 * @param peakBytes the most memory that it used at once; 0 where that cannot be measured
 * @param outputCut whether it wrote more than its limit
 */
public record ExitReport(
    End end, int code, Duration cpu, Duration wall, long peakBytes, boolean outputCut) {
  /** What ended code. The order never changes: the wire counts it. */
  public enum End {
    /** It ended by itself. */
    EXIT,
    /** It ran for longer than it may. */
    TIME,
    /** It used more memory than it may. */
    MEMORY
  }

  public ExitReport {
    if (cpu.isNegative() || wall.isNegative() || peakBytes < 0) {
      throw new IllegalArgumentException("what code took is 0 or more");
    }
  }

  /** Whether it ended by itself and said that all went well. */
  public boolean succeeded() {
    return end == End.EXIT && code == 0;
  }
}
