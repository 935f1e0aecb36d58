package dev.waggle.mesh.libp2p;

import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Numbers that only grow, over restarts too: milliseconds of Unix time, or one more than the last.
 * Thread-safe.
 */
public final class RisingSequence {
  private final AtomicLong last = new AtomicLong();

  /** The next number, which is beyond every earlier run's as long as the clock does not go back. */
  public long next(Instant now) {
    return last.updateAndGet(previous -> Math.max(previous + 1, now.toEpochMilli()));
  }
}
