package dev.waggle.node;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads that a node's parts share. */
public final class NodeThreads implements AutoCloseable {
  private static final int TIMER_THREADS = 2;
  private static final int BLOCKING_THREADS = 4;
  private static final int BLOCKING_WAITING_MAX = 1_024;
  private static final Duration IDLE_MAX = Duration.ofSeconds(10);

  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(TIMER_THREADS, named("timer"));
  private final ThreadPoolExecutor blocking =
      new ThreadPoolExecutor(
          BLOCKING_THREADS,
          BLOCKING_THREADS,
          IDLE_MAX.toSeconds(),
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(BLOCKING_WAITING_MAX),
          named("blocking"));

  NodeThreads() {
    timer.setRemoveOnCancelPolicy(true);
    blocking.allowCoreThreadTimeOut(true);
  }

  private static ThreadFactory named(String name) {
    AtomicInteger next = new AtomicInteger(1);
    return work -> {
      Thread thread = new Thread(work, name + "-" + next.getAndIncrement());
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Runs short steps at their time. */
  public ScheduledExecutorService timer() {
    return timer;
  }

  /** Runs what waits for disks and networks; refuses when too much waits already. */
  public Executor blocking() {
    return blocking;
  }

  @Override
  public void close() {
    timer.shutdownNow();
    blocking.shutdownNow();
  }
}
