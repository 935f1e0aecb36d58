package dev.waggle.mesh.libp2p;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does something again and again. A failure is logged and does not end it. */
public final class Recurring {
  private static final Logger log = LoggerFactory.getLogger(Recurring.class);

  private Recurring() {}

  /**
   * Begins after a first delay, then each time one interval after the last one ended.
   *
   * @return to be cancelled to end it
   */
  public static ScheduledFuture<?> schedule(
      ScheduledExecutorService timer, Duration first, Duration interval, Runnable step) {
    return timer.scheduleWithFixedDelay(
        () -> {
          try {
            step.run();
          } catch (RuntimeException e) {
            // An executor would silently never call it again.
            log.error("a recurring step failed", e);
          }
        },
        first.toNanos(),
        interval.toNanos(),
        TimeUnit.NANOSECONDS);
  }
}
