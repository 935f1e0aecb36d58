package dev.waggle.node.api;

import dev.waggle.coordinator.job.JobEvent;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobQueue;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events of one job for one client, as server-sent events from where the client was: those that
 * happened, then those that happen, until the job has ended. Belongs to its event loop.
 */
final class JobEventStream {
  private static final Logger log = LoggerFactory.getLogger(JobEventStream.class);
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(10);
  private static final int BATCH = 200;

  private final Vertx vertx;
  private final Context context;
  private final HttpServerResponse response;
  private final JobQueue queue;
  private final JobId job;
  private final Executor blocking;
  private final long timer;
  private @Nullable AutoCloseable listening;
  private long last;
  private boolean reading;
  private boolean again;
  private boolean ended;

  private record Batch(List<JobEvent> events, boolean isOver) {}

  private JobEventStream(
      Vertx vertx,
      HttpServerResponse response,
      JobQueue queue,
      JobId job,
      long last,
      Executor blocking) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.response = response;
    this.queue = queue;
    this.job = job;
    this.last = last;
    this.blocking = blocking;
    this.timer = vertx.setPeriodic(KEEP_ALIVE.toMillis(), id -> keepAlive());
  }

  /** Starts to write; on the event loop. */
  static void start(
      Vertx vertx,
      HttpServerResponse response,
      JobQueue queue,
      JobId job,
      long after,
      Executor blocking) {
    JobEventStream stream = new JobEventStream(vertx, response, queue, job, after, blocking);
    response.setChunked(true);
    response.putHeader("content-type", "text/event-stream");
    response.putHeader("cache-control", "no-cache");
    response.closeHandler(gone -> stream.end());
    response.exceptionHandler(failure -> stream.end());
    response.write(": events of job " + job + "\n\n");
    stream.listening =
        queue.listen(
            jobs -> {
              if (jobs.contains(job)) {
                stream.context.runOnContext(now -> stream.read());
              }
            });
    stream.read();
  }

  private void keepAlive() {
    if (!ended && !response.writeQueueFull()) {
      response.write(":\n\n");
    }
  }

  private void read() {
    if (ended || reading) {
      again = true;
      return;
    }
    reading = true;
    again = false;
    long from = last;
    try {
      CompletableFuture.supplyAsync(() -> batch(from), blocking)
          .whenComplete((batch, failure) -> context.runOnContext(now -> onRead(batch, failure)));
    } catch (RejectedExecutionException e) {
      reading = false;
      vertx.setTimer(KEEP_ALIVE.toMillis(), id -> read());
    }
  }

  private Batch batch(long from) {
    // In this order: what is over has no events after those that are read now.
    boolean over = queue.job(job).map(each -> each.state().isOver()).orElse(true);
    return new Batch(queue.events(job, from, BATCH), over);
  }

  private void onRead(@Nullable Batch batch, @Nullable Throwable failure) {
    reading = false;
    if (ended) {
      return;
    }
    if (batch == null) {
      log.warn("the events of job {} cannot be read: {}", job, String.valueOf(failure));
      end();
      response.end();
      return;
    }
    for (JobEvent each : batch.events()) {
      last = each.number();
      response.write(
          "id: "
              + each.number()
              + "\nevent: "
              + each.kind().name().toLowerCase(Locale.ROOT)
              + "\ndata: "
              + JobJson.of(each)
              + "\n\n");
    }
    if (batch.isOver() && batch.events().size() < BATCH) {
      end();
      response.end();
    } else if (response.writeQueueFull()) {
      response.drainHandler(drained -> read());
    } else if (again || batch.events().size() == BATCH) {
      read();
    }
  }

  private void end() {
    if (ended) {
      return;
    }
    ended = true;
    vertx.cancelTimer(timer);
    AutoCloseable open = listening;
    if (open != null) {
      try {
        open.close();
      } catch (Exception e) {
        log.debug("a listener did not close in order", e);
      }
    }
  }
}
