package dev.waggle.coordinator.job;

import java.util.List;

/**
 * A task that is to be.
 *
 * @param name for people and for tasks that need it; unique in its job, or empty
 * @param after numbers of the tasks of the job that have to be done first
 * @param attempts how often it is tried, 1 to {@value #ATTEMPTS_MAX}
 * @param replicas how many workers have to agree on the result; 1 for no comparison, 0 to compare
 *     as far as the worker is not trusted yet
 */
public record TaskDraft(
    String name, List<Integer> after, JobWork work, int attempts, int replicas) {
  /** The most attempts. */
  public static final int ATTEMPTS_MAX = 20;

  /** The usual number of attempts. */
  public static final int ATTEMPTS = 3;

  /** The most workers that have to agree. */
  public static final int REPLICAS_MAX = 5;

  /** The longest name, in characters. */
  public static final int NAME_CHARACTERS_MAX = 100;

  public TaskDraft {
    after = List.copyOf(after);
    if (name.length() > NAME_CHARACTERS_MAX) {
      throw new IllegalArgumentException(
          "a task's name has at most " + NAME_CHARACTERS_MAX + " characters");
    }
    if (attempts < 1 || attempts > ATTEMPTS_MAX) {
      throw new IllegalArgumentException("attempts are 1 to " + ATTEMPTS_MAX);
    }
    if (replicas < 0 || replicas > REPLICAS_MAX) {
      throw new IllegalArgumentException("replicas are 0 to " + REPLICAS_MAX);
    }
  }

  /** A task by itself, on the usual terms. */
  public TaskDraft(JobWork work) {
    this("", List.of(), work, ATTEMPTS, 1);
  }
}
