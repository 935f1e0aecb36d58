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
  CANCELED,
  /** Another member's node is to have it; whether that has it already is not known. */
  HANDING_OVER,
  /** Another member's node has it. */
  HANDED_OVER;

  /** Whether nothing of it is left to do here. */
  public boolean isOver() {
    return this != OPEN && this != HANDING_OVER;
  }

  /** Whether it is another node's, or about to be. */
  public boolean isLeaving() {
    return this == HANDING_OVER || this == HANDED_OVER;
  }
}
