package dev.waggle.mesh.swarm.exchange;

import java.time.Duration;

/**
 * What a worker does with a task.
 *
 * @param running whether it is at work: loads, reads or writes
 * @param queuePosition while it waits, how many go first
 * @param eta while it waits, when it will begin, as far as the worker can tell
 */
public record Progress(boolean running, int queuePosition, Duration eta) {
  /** At work. */
  public static final Progress RUNNING = new Progress(true, 0, Duration.ZERO);
}
