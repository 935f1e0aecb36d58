package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One run of code, as far as all sandboxes do it alike: its output is delivered up to the limit, it
 * is ended at its time, by {@link #cancel} and when nobody reads, and it is removed however it
 * ended. Used once.
 */
public abstract class CodeRun implements Generation {
  /** What a run that was killed returns: 128 and the number of the signal. */
  protected static final int KILLED = 137;

  private static final Duration WATCH_PERIOD = Duration.ofMillis(20);
  private static final Duration KILL_MAX = Duration.ofSeconds(5);

  private final TaskSpec.Code task;
  private final CodeLimits limits;
  private final CountDownLatch ended = new CountDownLatch(1);
  private long began;
  private boolean started;
  private boolean canceled;
  private ExitReport.@Nullable End stopped;

  /**
   * A run that has not begun.
   *
   * @param ownerLimits the most that the owner of this machine allows
   */
  protected CodeRun(TaskSpec.Code task, CodeLimits ownerLimits) {
    this.task = task;
    this.limits = task.limits().atMost(ownerLimits);
  }

  /**
   * What the sandbox measured of code that is over.
   *
   * @param code that it returned
   * @param peakBytes 0 where it cannot be measured
   */
  public record Ending(int code, Duration cpu, long peakBytes) {}

  protected final TaskSpec.Code task() {
    return task;
  }

  /** What the code may use: the task's limits or the owner's, whichever are less. */
  protected final CodeLimits limits() {
    return limits;
  }

  /**
   * Starts the code, and may say when by {@link #onStart}; what it writes goes to the output from
   * other threads, which then end it. May block for a bounded time while {@link #kill} comes from
   * another thread.
   */
  protected abstract void begin(CodeOutput output)
      throws EngineException, IOException, InterruptedException;

  /** Says that the code starts now: what it took to get there is not its time. */
  protected final void onStart() {
    began = System.nanoTime();
  }

  /**
   * Looks after code, from its start to the end of its output, about fifty times a second; calls
   * {@link #stop} if need be.
   */
  protected void watch() {}

  /** Waits, for a bounded time, until nothing of the code runs any more; its output has ended. */
  protected abstract Ending await() throws EngineException, IOException, InterruptedException;

  /** Sends the files asked for that are there; see {@link Tar#artifacts}. */
  protected abstract void collect(Output output) throws IOException, InterruptedException;

  /**
   * Ends whatever of the code runs, and with it the output; at any time after {@link #begin} was
   * called, from any thread, any number of times. Does not wait for it.
   */
  protected abstract void kill();

  /** Removes what the run left on the machine; called last, also when it did not begin. */
  protected abstract void remove();

  /** Ends the code because it reached a limit. */
  protected final void stop(ExitReport.End limit) {
    synchronized (this) {
      if (stopped == null) {
        stopped = limit;
      }
    }
    kill();
  }

  @Override
  public final End run(Output output) throws EngineException, IOException, InterruptedException {
    new RunFiles(task).check(limits);
    synchronized (this) {
      checkNotCanceled();
      started = true;
    }
    CodeOutput written = new CodeOutput(limits.outputBytes());
    Thread watching = new Thread(() -> watchAll(written), "code-watch");
    watching.setDaemon(true);
    boolean begun = false;
    boolean done = false;
    try {
      began = System.nanoTime();
      begin(written);
      begun = true;
      watching.start();
      written.deliver(output);
      Ending ending = await();
      final Duration wall = Duration.ofNanos(written.endedNanos() - began);
      done = true;
      synchronized (this) {
        checkNotCanceled();
      }
      collect(output);
      ExitReport report = report(ending, wall, written.cut());
      output.chunk(new Chunk.Exit(report));
      return new End(Outcome.FinishReason.STOP, used(report));
    } catch (IOException | EngineException e) {
      synchronized (this) {
        checkNotCanceled(); // What is cut off in the middle fails in many ways.
      }
      throw e;
    } finally {
      if (!done) {
        kill();
      }
      if (!begun) {
        written.end();
      }
      boolean interrupted = Thread.interrupted(); // What was killed is waited for all the same.
      written.awaitEnd(KILL_MAX);
      ended.countDown();
      join(watching);
      remove();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized void checkNotCanceled() throws InterruptedException {
    if (canceled) {
      throw new InterruptedException("the run was cancelled");
    }
  }

  /** What is paid for: the time of its processors, and no more than went by. */
  private static Usage used(ExitReport report) {
    Duration paid = report.cpu().compareTo(report.wall()) < 0 ? report.cpu() : report.wall();
    return new Usage(0, 0, Duration.ZERO, Duration.ZERO, paid);
  }

  private synchronized ExitReport report(Ending ending, Duration wall, boolean cut) {
    ExitReport.End end = stopped == null ? ExitReport.End.EXIT : stopped;
    int code = stopped == null ? ending.code() : KILLED;
    return new ExitReport(end, code, ending.cpu(), wall, ending.peakBytes(), cut);
  }

  private void watchAll(CodeOutput written) {
    try {
      // Code that is over is not stopped any more, however long its reader takes.
      while (!ended.await(WATCH_PERIOD.toMillis(), TimeUnit.MILLISECONDS) && !written.ended()) {
        if (System.nanoTime() - began > limits.wall().toNanos()) {
          stop(ExitReport.End.TIME);
        }
        watch();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Nobody does that; the run ends without a watch.
      kill();
    }
  }

  /** What is removed is not to be looked at any more. */
  private static void join(Thread watching) {
    try {
      watching.join(KILL_MAX.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public final void cancel() {
    boolean running;
    synchronized (this) {
      canceled = true;
      running = started;
    }
    if (running) {
      kill();
    }
  }
}
