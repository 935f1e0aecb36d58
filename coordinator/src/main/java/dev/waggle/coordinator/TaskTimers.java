package dev.waggle.coordinator;

import dev.waggle.coordinator.Coordinator.Parts;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How long one task and each of its attempts may take, and the timers that step its machine when it
 * was longer. Belongs to the task's strand.
 */
final class TaskTimers {
  // A first token that is this much later than forecast is late.
  private static final int LATE_FACTOR = 2;
  private static final Duration LATE_LEAST = Duration.ofSeconds(2);

  /** How long a model that is in memory may take to its first token, beside what is forecast. */
  private static final Duration LOADED_FIRST_CHUNK_MAX = Duration.ofSeconds(60);

  /** How long a task may wait in a worker's queue. */
  private static final Duration QUEUE_MAX = Duration.ofMinutes(5);

  // For the start of a sandbox, and for the files that come back.
  private static final Duration CODE_GRACE = Duration.ofSeconds(30);

  private final TaskSpec spec;
  private final Terms terms;
  private final Parts parts;
  private final TaskMachine machine;
  private final Consumer<Supplier<List<Effect>>> stepper;
  private final long submittedNanos = System.nanoTime();
  private @Nullable Future<?> deadline;

  /**
   * The timers of a task that is submitted now.
   *
   * @param stepper runs a step of the machine on the strand, and performs its effects
   */
  TaskTimers(
      TaskSpec spec,
      Terms terms,
      Parts parts,
      TaskMachine machine,
      Consumer<Supplier<List<Effect>>> stepper) {
    this.spec = spec;
    this.terms = terms;
    this.parts = parts;
    this.machine = machine;
    this.stepper = stepper;
  }

  private Future<?> after(Duration time, Supplier<List<Effect>> step) {
    return parts
        .timer()
        .schedule(() -> stepper.accept(step), time.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The task begins; its deadline counts from here. */
  void start() {
    terms.deadline().ifPresent(time -> deadline = after(time, () -> machine.onDeadline(time)));
  }

  /** The task is over. Its attempts' timers end with them. */
  void end() {
    if (deadline != null) {
      deadline.cancel(false);
    }
  }

  /** How long ago the task was submitted. */
  Duration waited() {
    return Duration.ofNanos(System.nanoTime() - submittedNanos);
  }

  /** How long it may wait in a queue. */
  Duration patience() {
    return terms
        .deadline()
        .map(time -> time.minus(waited()))
        .filter(left -> left.compareTo(QUEUE_MAX) < 0)
        .map(left -> left.isNegative() ? Duration.ZERO : left)
        .orElse(QUEUE_MAX);
  }

  /**
   * Watches for the beginning of an attempt's answer.
   *
   * @param wait how long the worker may let the task wait before it begins with it
   * @param eta how long that will probably be
   */
  void awaitBeginning(HeldAttempt attempt, Duration wait, Duration eta) {
    Candidate by = attempt.by();
    if (spec instanceof TaskSpec.Code code) {
      // Code may say nothing until its end; its worker says all the while that it runs.
      Duration all = wait.plus(most(code));
      attempt.stopWatching();
      attempt.watch(after(all, () -> machine.onFirstChunkOverdue(attempt.number(), all)));
      return;
    }
    Duration expected = by.forecast().first();
    Duration limit = parts.firstChunkMax();
    if (by.model().loaded()) {
      Duration loaded = LOADED_FIRST_CHUNK_MAX.plus(expected.multipliedBy(LATE_FACTOR));
      limit = loaded.compareTo(limit) < 0 ? loaded : limit;
    }
    Duration most = limit.plus(wait);
    attempt.stopWatching();
    attempt.watch(after(most, () -> machine.onFirstChunkOverdue(attempt.number(), most)));
    Duration late = LATE_LEAST.plus(expected.plus(eta).multipliedBy(LATE_FACTOR));
    if (late.compareTo(most) < 0) {
      attempt.watch(after(late, () -> machine.onLate(attempt.number())));
    }
  }

  /** Watches an attempt that answers: code for its end, a model for pauses. */
  void onAnswering(HeldAttempt attempt) {
    attempt.stopWatching();
    if (spec instanceof TaskSpec.Code code) {
      Duration most = most(code);
      attempt.watch(after(most, () -> machine.onStalled(attempt.number(), most)));
    } else {
      attempt.watch(after(parts.stallMax(), () -> onPauseCheck(attempt)));
    }
  }

  private List<Effect> onPauseCheck(HeldAttempt attempt) {
    if (attempt.isStalled(parts.stallMax())) {
      return machine.onStalled(attempt.number(), parts.stallMax());
    }
    if (!attempt.isOver()) {
      onAnswering(attempt);
    }
    return List.of();
  }

  /** How long code may take with all that is around it. */
  private static Duration most(TaskSpec.Code code) {
    Duration run = code.limits().wall().plus(CODE_GRACE);
    return code.snapshot().isPresent() ? run.plus(Snapshot.FETCH_MAX) : run;
  }
}
