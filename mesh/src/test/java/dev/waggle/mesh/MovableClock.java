package dev.waggle.mesh;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** Another clock, put forward or back. Thread-safe. */
public final class MovableClock extends Clock {
  private final Clock clock;
  private volatile Duration offset = Duration.ZERO;

  public MovableClock(Clock clock) {
    this.clock = clock;
  }

  /** Puts it forward by that, or back. */
  public void move(Duration by) {
    offset = offset.plus(by);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }

  @Override
  public Instant instant() {
    return clock.instant().plus(offset);
  }
}
