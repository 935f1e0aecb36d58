package dev.waggle.coordinator.job;

import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A job that travels to another node.
 *
 * @param draft what is to be done
 * @param begun what was done elsewhere; empty for a job that is new
 */
public record JobParcel(JobDraft draft, Optional<Begun> begun) {
  /** The most events that go with a job: the latest. */
  public static final int EVENTS_MAX = 200_000;

  public JobParcel {
    if (begun.isPresent() && begun.get().tasks().size() != draft.tasks().size()) {
      throw new IllegalArgumentException("a job has as many tasks as it has");
    }
  }

  /** A new job. */
  public JobParcel(JobDraft draft) {
    this(draft, Optional.empty());
  }

  /**
   * What is known of a job that was begun.
   *
   * @param transfer tells apart how often it was handed over, {@value #TRANSFER_DIGITS} hex digits
   * @param content SHA-256 of what was submitted, in hex
   * @param tasks in their order; at least one is not over
   * @param events in their order
   */
  public record Begun(
      JobId id,
      String transfer,
      Instant created,
      String content,
      List<Task> tasks,
      List<JobEvent> events) {
    /** The length of what tells transfers apart. */
    public static final int TRANSFER_DIGITS = 32;

    private static final int CONTENT_DIGITS = 64;

    public Begun {
      tasks = List.copyOf(tasks);
      events = List.copyOf(events);
      require(isHex(transfer, TRANSFER_DIGITS) && isHex(content, CONTENT_DIGITS));
      require(tasks.stream().anyMatch(each -> !each.state().isOver()));
      require(events.size() <= EVENTS_MAX);
      long last = 0;
      for (JobEvent each : events) {
        require(each.number() > last);
        last = each.number();
      }
    }
  }

  /**
   * How a task is.
   *
   * @param state of one that somebody ran, {@link JobTaskState#READY}
   * @param notBefore milliseconds since 1970, for one that was put off
   * @param steps what it had found out, by name
   */
  public record Task(
      JobTaskState state,
      int attempts,
      long notBefore,
      Optional<String> result,
      Optional<String> error,
      Map<String, String> steps) {
    /** The longest name of a step, in characters. */
    static final int STEP_CHARACTERS_MAX = 100;

    public Task {
      steps = Map.copyOf(steps);
      require(!state.isHeld() && notBefore >= 0);
      require(attempts >= 0 && attempts <= TaskDraft.ATTEMPTS_MAX);
      require(state != JobTaskState.DONE || result.isPresent());
      require(error.map(String::length).orElse(0) <= JobBook.ERROR_CHARACTERS_MAX);
      require(steps.keySet().stream().allMatch(each -> each.length() <= STEP_CHARACTERS_MAX));
    }
  }

  private static boolean isHex(String text, int digits) {
    return text.length() == digits && text.chars().allMatch(HexFormat::isHexDigit);
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException("that is no job that was begun");
    }
  }
}
