package dev.waggle.mesh.simulation;

import java.time.Duration;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * A clock that jumps from event to event, and the only source of chance. The same seed and the same
 * calls give the same history, which {@link #fingerprint} sums up. Not thread-safe.
 */
public final class Simulation {
  private final PriorityQueue<Event> queue = new PriorityQueue<>();
  private final SplittableRandom random;
  private long now;
  private long scheduled;
  private long fingerprint;

  private record Event(long time, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(time, other.time);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  public Simulation(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** The simulated time in nanoseconds, 0 at first. */
  public long now() {
    return now;
  }

  /** Chance for whoever needs one of its own. */
  public SplittableRandom newRandom() {
    return random.split();
  }

  /** Chance for the world itself. */
  public SplittableRandom random() {
    return random;
  }

  /** Does something later; what is due at one moment happens in the order of the calls. */
  public void after(Duration delay, Runnable action) {
    after(delay.toNanos(), action);
  }

  /** The same with nanoseconds. */
  public void after(long nanos, Runnable action) {
    queue.add(new Event(now + nanos, scheduled++, action));
  }

  /** Does something again and again, first after part of the interval that chance decides. */
  public void every(Duration interval, Runnable action) {
    after(random.nextLong(interval.toNanos()), () -> repeat(interval.toNanos(), action));
  }

  private void repeat(long interval, Runnable action) {
    action.run();
    after(interval, () -> repeat(interval, action));
  }

  /** Lets time pass. */
  public void run(Duration duration) {
    long end = now + duration.toNanos();
    while (!queue.isEmpty() && queue.peek().time <= end) {
      Event next = queue.remove();
      now = next.time;
      next.action.run();
    }
    now = end;
  }

  /** Makes something part of the history's sum. */
  public void note(long what) {
    fingerprint = fingerprint * 31 + Long.hashCode(now) * 17L + what;
  }

  /** Differs, very likely, between two histories. */
  public long fingerprint() {
    return fingerprint;
  }
}
