package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A run of code whose files are brought first. Used once. */
final class SnapshotRun implements Generation {
  private final Files files;
  private final Function<List<CodeFile>, Generation> run;
  private boolean canceled;
  private @Nullable Thread bringing;
  private @Nullable Generation running;

  /** Brings the files. */
  interface Files {
    /**
     * All of them.
     *
     * @throws IOException naming the cause why they cannot be had
     */
    List<CodeFile> bring() throws IOException, InterruptedException;
  }

  /**
   * A run that has not begun.
   *
   * @param run prepares it with its files
   */
  SnapshotRun(Files files, Function<List<CodeFile>, Generation> run) {
    this.files = files;
    this.run = run;
  }

  @Override
  public End run(Output output) throws EngineException, IOException, InterruptedException {
    synchronized (this) {
      checkNotCanceled();
      bringing = Thread.currentThread();
    }
    List<CodeFile> brought;
    try {
      brought = files.bring();
    } catch (IOException e) {
      synchronized (this) {
        checkNotCanceled(); // What is cut off in the middle fails in many ways.
      }
      throw new EngineException(
          Outcome.Failure.LIMIT, "the files of the code did not come: " + e.getMessage(), e);
    } finally {
      synchronized (this) {
        bringing = null;
        if (canceled) {
          Thread.interrupted(); // That was for the files, which nobody brings any more.
        }
      }
    }
    Generation mine = run.apply(brought);
    synchronized (this) {
      checkNotCanceled();
      running = mine;
    }
    return mine.run(output);
  }

  private void checkNotCanceled() throws InterruptedException {
    if (canceled) {
      throw new InterruptedException("the run was cancelled");
    }
  }

  @Override
  public void cancel() {
    Generation now;
    synchronized (this) {
      canceled = true;
      now = running;
      if (bringing != null) {
        bringing.interrupt();
      }
    }
    if (now != null) {
      now.cancel();
    }
  }
}
