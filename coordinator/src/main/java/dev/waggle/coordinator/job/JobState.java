package dev.waggle.coordinator.job;

/** How far a job is. The order never changes: the database counts it. */
public enum JobState {
  /** Some of its tasks are to be done. */
  OPEN,
  /** All its tasks are done. */
  DONE,
  /** Nothing of it is left to do, and some of it failed. */
  FAILED,
  /** It was cancelled. */
  CANCELED;

  /** Whether nothing of it is left to do. */
  public boolean isOver() {
    return this != OPEN;
  }
}
