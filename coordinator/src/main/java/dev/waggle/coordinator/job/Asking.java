package dev.waggle.coordinator.job;

import dev.waggle.coordinator.Placement;
import dev.waggle.coordinator.RunningTask;
import dev.waggle.coordinator.TaskFailure;
import dev.waggle.coordinator.TaskListener;
import dev.waggle.coordinator.TaskSubmitter;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.coordinator.Terms;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Progress;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One question to the swarm, or one script, and all that comes of it. */
final class Asking implements TaskListener {
  private final Answered answered;
  private final Executor blocking;
  private final Consumer<Placement> onStarted;
  private final CompletableFuture<Answer> answer = new CompletableFuture<>();
  private @Nullable RunningTask running;
  private @Nullable PeerId startedBy;
  private boolean canceled;

  /** The whole answer. */
  record Answer(Answered content, TaskSummary summary) {}

  /** Nobody answered; says why. */
  static final class FailedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient TaskFailure failure;

    FailedException(TaskFailure failure) {
      super(failure.message());
      this.failure = failure;
    }

    TaskFailure failure() {
      return failure;
    }

    /** Whether no node could be asked at all. */
    boolean isForWantOfNodes() {
      return failure instanceof TaskFailure.NoSuchModel
          || failure instanceof TaskFailure.NotAllowed
          || failure instanceof TaskFailure.TooLong;
    }
  }

  private Asking(Answered answered, Executor blocking, Consumer<Placement> onStarted) {
    this.answered = answered;
    this.blocking = blocking;
    this.onStarted = onStarted;
  }

  /**
   * Asks; the answer fails with a {@link FailedException}.
   *
   * @param blocking writes what comes to the disk
   * @param onStarted hears who answers; must not block
   */
  static Asking start(
      TaskSubmitter swarm,
      TaskSpec spec,
      Terms terms,
      ArtifactStore store,
      Executor blocking,
      Consumer<Placement> onStarted) {
    Asking asking = new Asking(new Answered(spec, store), blocking, onStarted);
    RunningTask task = swarm.submit(spec, terms.whole(), asking);
    boolean late;
    synchronized (asking) {
      asking.running = task;
      late = asking.canceled;
    }
    if (late) {
      task.cancel();
    }
    return asking;
  }

  CompletableFuture<Answer> answer() {
    return answer;
  }

  /** Gives the question up; the answer is cancelled. */
  void cancel() {
    stop(/* leaving= */ false);
  }

  /**
   * Gives the question up; the answer is cancelled.
   *
   * @param leaving whether a worker that keeps the result may end it
   */
  void stop(boolean leaving) {
    RunningTask task;
    synchronized (this) {
      canceled = true;
      task = running;
    }
    if (task != null && leaving) {
      task.leave();
    } else if (task != null) {
      task.cancel();
    }
    answer.cancel(false);
    close();
  }

  /** A script may say nothing until its end: that it runs is known sooner. */
  @Override
  public void onProgress(Placement placement, Progress progress) {
    if (progress.running()) {
      onStarted(placement);
    }
  }

  @Override
  public void onStarted(Placement placement) {
    boolean first;
    synchronized (this) {
      first = startedBy == null || !startedBy.equals(placement.worker());
      startedBy = placement.worker();
    }
    if (first) {
      onStarted.accept(placement);
    }
  }

  @Override
  public CompletableFuture<Void> onChunk(Chunk chunk) {
    return CompletableFuture.runAsync(() -> add(chunk), blocking)
        .whenComplete(
            (nothing, failure) -> {
              if (failure != null) {
                String why =
                    String.valueOf(
                        failure.getCause() == null
                            ? failure.getMessage()
                            : failure.getCause().getMessage());
                answer.completeExceptionally(new FailedException(new TaskFailure.Failed(why)));
                cancel();
              }
            });
  }

  private synchronized void add(Chunk chunk) {
    try {
      answered.add(chunk);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  @Override
  public synchronized void onRestarted() {
    try {
      answered.reset();
    } catch (IOException e) {
      answer.completeExceptionally(
          new FailedException(new TaskFailure.Failed(String.valueOf(e.getMessage()))));
    }
  }

  @Override
  public void onDone(TaskSummary summary) {
    answer.complete(new Answer(answered, summary));
  }

  @Override
  public void onFailed(TaskFailure failure) {
    close();
    answer.completeExceptionally(new FailedException(failure));
  }

  private synchronized void close() {
    try {
      answered.close();
    } catch (IOException e) {
      // What is half written is cleared at the next start.
      canceled = true;
    }
  }
}
