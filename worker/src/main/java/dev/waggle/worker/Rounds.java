package dev.waggle.worker;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Blocking work that is done now and then, each kind on a thread of its own. What comes while
 * something of its kind waits is left out, since that will do. Thread-safe.
 */
final class Rounds implements AutoCloseable {
  private final ScheduledExecutorService timer;
  private final List<ScheduledFuture<?>> scheduled = new ArrayList<>();
  private final List<ThreadPoolExecutor> threads = new ArrayList<>();

  /**
   * @param timer stays the caller's to close
   */
  Rounds(ScheduledExecutorService timer) {
    this.timer = timer;
  }

  /** A kind of work; running what is returned has it done soon. */
  synchronized Runnable kind(String name, Runnable work) {
    ThreadPoolExecutor thread =
        new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.MINUTES,
            new ArrayBlockingQueue<>(1),
            task -> daemon(task, name),
            new ThreadPoolExecutor.DiscardPolicy());
    threads.add(thread);
    return () -> thread.execute(work);
  }

  /** Has something done again and again until this is closed. */
  synchronized void every(Duration first, Duration step, Runnable soon) {
    scheduled.add(
        timer.scheduleWithFixedDelay(
            soon, first.toMillis(), step.toMillis(), TimeUnit.MILLISECONDS));
  }

  static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Begins nothing more, and interrupts what is being done. */
  @Override
  public synchronized void close() {
    scheduled.forEach(each -> each.cancel(false));
    threads.forEach(ThreadPoolExecutor::shutdownNow);
  }
}
