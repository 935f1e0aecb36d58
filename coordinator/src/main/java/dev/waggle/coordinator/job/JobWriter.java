package dev.waggle.coordinator.job;

import dev.waggle.ledger.file.SmallDatabase;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that changes jobs: does what waits in one transaction, forces it to disk once, and
 * only then answers.
 */
final class JobWriter implements AutoCloseable {
  /** How many changes may wait. */
  static final int WAITING_MAX = 8_192;

  private static final Logger log = LoggerFactory.getLogger(JobWriter.class);
  private static final int BATCH_MAX = 512;
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

  private final SmallDatabase database;
  private final Runnable onRollback;
  private final Runnable onCommit;
  private final BlockingQueue<Waiting<?>> waiting = new LinkedBlockingQueue<>(WAITING_MAX);
  private final Thread thread;
  private volatile boolean closing;

  /** A change of jobs; throws a {@link JobException} only before it has changed anything. */
  @FunctionalInterface
  interface Change<T> {
    T make(Connection connection) throws SQLException, JobException;
  }

  /** A change that has no value to give. */
  @FunctionalInterface
  interface Step {
    void make(Connection connection) throws SQLException, JobException;
  }

  private static final class Waiting<T> {
    final Change<T> change;
    final CompletableFuture<T> answer = new CompletableFuture<>();
    private @Nullable T made;
    private @Nullable JobException refusal;

    Waiting(Change<T> change) {
      this.change = change;
    }

    void make(Connection connection) throws SQLException {
      try {
        made = change.make(connection);
      } catch (JobException e) {
        refusal = e;
      }
    }

    void tell() {
      T value = made;
      if (value != null) {
        answer.complete(value);
      } else if (refusal != null) {
        answer.completeExceptionally(refusal);
      }
    }
  }

  /**
   * @param onRollback called on the writing thread when what was done last is void
   * @param onCommit called on the writing thread when what was done last is on disk
   */
  JobWriter(SmallDatabase database, Runnable onRollback, Runnable onCommit) {
    this.database = database;
    this.onRollback = onRollback;
    this.onCommit = onCommit;
    this.thread = new Thread(this::write, "job-writer");
    thread.setDaemon(true);
    thread.start();
  }

  /** Makes a change soon; fails with a {@link JobException} or what the disk says. */
  <T> CompletableFuture<T> soon(Change<T> change) {
    Waiting<T> next = new Waiting<>(change);
    if (closing || !waiting.offer(next)) {
      next.answer.completeExceptionally(
          new JobException(
              JobException.Kind.FULL,
              closing ? "the node is stopping" : "too many changes of jobs wait (try again)"));
    }
    return next.answer;
  }

  /** Makes a change soon, like {@link #soon}. */
  CompletableFuture<Void> step(Step step) {
    return soon(connection -> {
          step.make(connection);
          return true;
        })
        .thenAccept(made -> {});
  }

  private void write() {
    List<Waiting<?>> batch = new ArrayList<>();
    while (!closing || !waiting.isEmpty()) {
      try {
        Waiting<?> first = waiting.poll(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        if (first != null) {
          batch.add(first);
          waiting.drainTo(batch, BATCH_MAX - 1);
          write(batch);
          batch.clear();
        }
      } catch (InterruptedException e) {
        closing = true;
      }
    }
  }

  private void write(List<Waiting<?>> batch) {
    try {
      database.write(
          connection -> {
            for (Waiting<?> each : batch) {
              each.make(connection);
            }
            return batch.size();
          });
    } catch (UncheckedIOException e) {
      log.warn("{}", e.getMessage());
      onRollback.run();
      batch.forEach(each -> each.answer.completeExceptionally(e));
      return;
    } catch (RuntimeException | Error e) {
      log.error("a change of jobs ended in a bug", e);
      onRollback.run();
      batch.forEach(each -> each.answer.completeExceptionally(e));
      return;
    }
    batch.forEach(Waiting::tell);
    onCommit.run();
  }

  /** Writes what waits, and takes no more. */
  @Override
  public void close() {
    closing = true;
    try {
      thread.join(CLOSE_MAX.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
