package dev.waggle.mesh.swarm.exchange;

/**
 * How urgent a task is. Among the tasks of one member the more urgent goes first; between members
 * only {@link #LOW} counts, and gives way, so that nobody gains by calling all he has urgent.
 */
public enum Priority {
  /** Whenever nobody else needs the worker. */
  LOW,
  /** As usual. */
  NORMAL,
  /** Before the requester's own other tasks. */
  HIGH
}
