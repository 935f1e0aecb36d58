package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.label.Label;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A job that is to be.
 *
 * @param title for people; may be empty
 * @param key what makes submitting it twice the same as once; empty for a job that is always new
 * @param deadline when what is not done by then has failed
 * @param tasks 1 to {@value #TASKS_MAX}; none needs itself, not even by way of others
 */
public record JobDraft(
    JobKind kind,
    String title,
    String key,
    Priority priority,
    Optional<Instant> deadline,
    List<TaskDraft> tasks) {
  /** The most tasks of one job. */
  public static final int TASKS_MAX = 100_000;

  /** The longest title or key, in characters. */
  public static final int TEXT_CHARACTERS_MAX = 200;

  private static final int SHOWN_MAX = 5;

  public JobDraft {
    tasks = List.copyOf(tasks);
    if (tasks.isEmpty() || tasks.size() > TASKS_MAX) {
      throw new IllegalArgumentException("a job has 1 to " + TASKS_MAX + " tasks");
    }
    if (title.length() > TEXT_CHARACTERS_MAX || key.length() > TEXT_CHARACTERS_MAX) {
      throw new IllegalArgumentException(
          "a job's title and key have at most " + TEXT_CHARACTERS_MAX + " characters each");
    }
    checkOrder(tasks);
  }

  /** A job on the usual terms. */
  public JobDraft(JobKind kind, List<TaskDraft> tasks) {
    this(kind, "", "", Priority.NORMAL, Optional.empty(), tasks);
  }

  /**
   * Where all its tasks may run.
   *
   * @throws IllegalArgumentException if a text that stands for a label is none
   */
  public Set<Label> labels() {
    return tasks.stream()
        .flatMap(each -> each.work().labels().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The repositories that its tasks change, by the SHA-256 of their snapshots. */
  public Set<String> repositories() {
    return tasks.stream()
        .flatMap(
            each ->
                each.work() instanceof JobWork.Develop develop && develop.order().repo() != null
                    ? Stream.of(develop.order().repo())
                    : Stream.empty())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Takes away, again and again, what needs nothing that is left; a circle remains. */
  private static void checkOrder(List<TaskDraft> tasks) {
    int[] missing = new int[tasks.size()];
    List<List<Integer>> needing = new ArrayList<>();
    tasks.forEach(each -> needing.add(new ArrayList<>()));
    for (int i = 0; i < tasks.size(); i++) {
      for (int needed : tasks.get(i).after()) {
        if (needed < 0 || needed >= tasks.size()) {
          throw new IllegalArgumentException(
              name(tasks, i) + " is to come after a task that is not there");
        }
        needing.get(needed).add(i);
        missing[i]++;
      }
    }
    Deque<Integer> free = new ArrayDeque<>();
    for (int i = 0; i < tasks.size(); i++) {
      if (missing[i] == 0) {
        free.add(i);
      }
    }
    int taken = 0;
    while (!free.isEmpty()) {
      taken++;
      for (int next : needing.get(free.remove())) {
        if (--missing[next] == 0) {
          free.add(next);
        }
      }
    }
    if (taken < tasks.size()) {
      List<String> names = new ArrayList<>();
      for (int i = 0; i < tasks.size() && names.size() < SHOWN_MAX; i++) {
        if (missing[i] > 0) {
          names.add(name(tasks, i));
        }
      }
      throw new IllegalArgumentException(
          names.stream().collect(Collectors.joining(", "))
              + " wait for each other in a circle (take one \"after\" away)");
    }
  }

  private static String name(List<TaskDraft> tasks, int number) {
    String name = tasks.get(number).name();
    return name.isEmpty() ? "task " + number : "task \"" + name + "\"";
  }
}
