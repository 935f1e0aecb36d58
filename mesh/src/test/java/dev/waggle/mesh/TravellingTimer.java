package dev.waggle.mesh;

import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Does at once what is for later, and puts a clock forward by the time that it leaves out. */
public final class TravellingTimer extends ScheduledThreadPoolExecutor {
  private final AtomicLong nanos = new AtomicLong();

  public TravellingTimer() {
    super(1);
  }

  /** The time, as {@link System#nanoTime} has it; begins at 0. */
  public long nanos() {
    return nanos.get();
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable step, long delay, TimeUnit unit) {
    nanos.addAndGet(unit.toNanos(delay));
    return super.schedule(step, 0, unit);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> step, long delay, TimeUnit unit) {
    nanos.addAndGet(unit.toNanos(delay));
    return super.schedule(step, 0, unit);
  }
}
