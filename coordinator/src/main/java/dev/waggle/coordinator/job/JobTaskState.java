package dev.waggle.coordinator.job;

/** How far a task of a job is. The order never changes: the database counts it. */
public enum JobTaskState {
  /** Tasks that it needs are not done. */
  BLOCKED,
  /** It failed and is tried again a little later. */
  DELAYED,
  /** Whoever claims it may run it. */
  READY,
  /** Somebody holds a lease of it. */
  CLAIMED,
  /** Whoever holds it has begun. */
  RUNNING,
  /** It waits for a person's word. */
  WAITING_APPROVAL,
  /** Its result is there. */
  DONE,
  /** It came to nothing for good. */
  FAILED,
  /** It was cancelled. */
  CANCELED;

  /** Whether nothing will happen to it any more. */
  public boolean isOver() {
    return compareTo(DONE) >= 0;
  }

  /** Whether somebody holds it. */
  boolean isHeld() {
    return this == CLAIMED || this == RUNNING;
  }
}
