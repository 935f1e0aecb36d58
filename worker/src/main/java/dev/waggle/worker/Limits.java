package dev.waggle.worker;

/**
 * How much work a node takes.
 *
 * @param slots how many tasks run at once, 0 to {@value #SLOTS_MAX}; 0 takes no work at all
 * @param slotsPerModel how many of them with one model, 1 or more
 * @param queue how many accepted tasks wait beyond those, 0 to {@value #QUEUE_MAX}
 */
public record Limits(int slots, int slotsPerModel, int queue) {
  /** The most slots. */
  public static final int SLOTS_MAX = 64;

  /** The longest queue. */
  public static final int QUEUE_MAX = 4_096;

  /** The largest task, in bytes. */
  public static final int TASK_BYTES_MAX = 4 << 20;

  public Limits {
    if (slots < 0 || slots > SLOTS_MAX) {
      throw new IllegalArgumentException("slots are 0 to " + SLOTS_MAX);
    }
    if (slotsPerModel < 1 || slotsPerModel > SLOTS_MAX) {
      throw new IllegalArgumentException("slots per model are 1 to " + SLOTS_MAX);
    }
    if (queue < 0 || queue > QUEUE_MAX) {
      throw new IllegalArgumentException("a queue is 0 to " + QUEUE_MAX + " long");
    }
  }
}
