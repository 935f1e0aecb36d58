package dev.waggle.mesh.swarm.membership;

import java.time.Duration;
import java.time.Instant;

/** How far members' clocks may be apart. */
public final class ClockSkew {
  /** The most that is tolerated. */
  public static final Duration MAX = Duration.ofMinutes(2);

  private ClockSkew() {}

  /** Whether something of that age still counts, or counts already, by a clock that may be off. */
  public static boolean isCurrent(Instant issued, Duration timeToLive, Instant now) {
    return !issued.isAfter(now.plus(MAX)) && !issued.plus(timeToLive).plus(MAX).isBefore(now);
  }
}
