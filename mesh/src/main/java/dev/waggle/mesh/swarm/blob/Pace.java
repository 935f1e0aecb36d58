package dev.waggle.mesh.swarm.blob;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Bytes per second, over all transfers of one direction together. Who wants to move bytes takes
 * them first and is told when they may go: each byte moves its successors back. Thread-safe.
 */
public final class Pace {
  /** The lowest limit other than none: below it whole transfers would count as stuck. */
  public static final long BYTES_PER_SECOND_MIN = 64 << 10;

  /** The highest limit; faster than any network that a swarm runs over. */
  public static final long BYTES_PER_SECOND_MAX = 4L << 30;

  private static final long SECOND_NANOS = Duration.ofSeconds(1).toNanos();

  private final long bytesPerSecond;
  private final LongSupplier nanos;
  private long free;

  /**
   * @param bytesPerSecond 0 for no limit
   * @param nanos the time, as {@link System#nanoTime} has it
   */
  public Pace(long bytesPerSecond, LongSupplier nanos) {
    if (!isLimit(bytesPerSecond)) {
      throw new IllegalArgumentException(
          "a limit is 0, or " + BYTES_PER_SECOND_MIN + " to " + BYTES_PER_SECOND_MAX);
    }
    this.bytesPerSecond = bytesPerSecond;
    this.nanos = nanos;
    this.free = nanos.getAsLong();
  }

  /** Whether that can be a limit: 0 for none, or neither too low nor too high. */
  public static boolean isLimit(long bytesPerSecond) {
    return bytesPerSecond == 0
        || (bytesPerSecond >= BYTES_PER_SECOND_MIN && bytesPerSecond <= BYTES_PER_SECOND_MAX);
  }

  /** The limit; 0 for none. */
  public long bytesPerSecond() {
    return bytesPerSecond;
  }

  /** Takes so many bytes, and says how long to wait before they may go. */
  public synchronized Duration take(long bytes) {
    if (bytesPerSecond == 0) {
      return Duration.ZERO;
    }
    long now = nanos.getAsLong();
    if (free - now < 0) {
      free = now; // What was not used is gone.
    }
    long wait = free - now;
    // Seconds and the rest apart, which no size overflows.
    free +=
        bytes / bytesPerSecond * SECOND_NANOS
            + bytes % bytesPerSecond * SECOND_NANOS / bytesPerSecond;
    return Duration.ofNanos(wait);
  }

  /** Takes so many bytes; completes when they may go. */
  public CompletableFuture<Void> take(long bytes, ScheduledExecutorService timer) {
    Duration wait = take(bytes);
    CompletableFuture<Void> go = new CompletableFuture<>();
    if (wait.isZero()) {
      go.complete(null);
    } else {
      timer.schedule(() -> go.complete(null), wait.toNanos(), TimeUnit.NANOSECONDS);
    }
    return go;
  }
}
