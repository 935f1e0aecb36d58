package dev.waggle.mesh.swarm.control;

/**
 * Takes each sequence number of one author once. Messages may overtake each other: numbers up to
 * {@value #WIDTH} below the highest are still taken. Not thread-safe.
 */
final class ReplayWindow {
  static final int WIDTH = Long.SIZE;

  private long highest = -1;
  private long taken;

  /** Whether the number comes for the first time and not too late; it counts as taken then. */
  boolean take(long sequence) {
    if (sequence < 0) {
      return false;
    }
    if (sequence > highest) {
      long step = sequence - highest;
      taken = step >= WIDTH ? 1 : taken << step | 1;
      highest = sequence;
      return true;
    }
    long behind = highest - sequence;
    if (behind >= WIDTH || (taken >>> behind & 1) == 1) {
      return false;
    }
    taken |= 1L << behind;
    return true;
  }
}
