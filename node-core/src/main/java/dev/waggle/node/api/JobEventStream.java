package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.coordinator.job.JobId;
import dev.waggle.coordinator.job.JobQueue;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration AGAIN = Duration.ofSeconds(2);
  private static final Duration AWAY_MAX = Duration.ofMinutes(1);
  private static final int BATCH = 200;

  private final Vertx vertx;
  private final Context context;
  private final HttpServerResponse response;
  private final Source source;
  private final JobId job;
  private final long timer;
  private @Nullable AutoCloseable listening;
  private long last;
  private long heard = System.nanoTime();
  private boolean reading;
  private boolean again;
  private boolean ended;

  /**
   * Some events.
   *
   * @param isOver whether none follow those
   * @param isElsewhere whether nobody tells this node that more have come
   */
  record Batch(List<JsonNode> events, boolean isOver, boolean isElsewhere) {}

  /** Where events come from. */
  interface Source {
    /** What happened after an event. */
    CompletableFuture<Batch> read(long after, int max);
  }

  private JobEventStream(
      Vertx vertx, HttpServerResponse response, Source source, JobId job, long last) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.response = response;
    this.source = source;
    this.job = job;
    this.last = last;
    this.timer = vertx.setPeriodic(KEEP_ALIVE.toMillis(), id -> keepAlive());
  }

  /** Starts to write; on the event loop. */
  static void start(
      Vertx vertx,
      HttpServerResponse response,
      JobQueue queue,
      Source source,
      JobId job,
      long after) {
    JobEventStream stream = new JobEventStream(vertx, response, source, job, after);
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
    try {
      source
          .read(last, BATCH)
          .whenComplete((batch, failure) -> context.runOnContext(now -> onRead(batch, failure)));
    } catch (RejectedExecutionException e) {
      reading = false;
      vertx.setTimer(KEEP_ALIVE.toMillis(), id -> read());
    }
  }

  private void onRead(@Nullable Batch batch, @Nullable Throwable failure) {
    reading = false;
    if (ended) {
      return;
    }
    if (batch == null) {
      onFailure(failure);
      return;
    }
    heard = System.nanoTime();
    for (JsonNode each : batch.events()) {
      last = Math.max(last, each.path("number").asLong());
      response.write("id: " + last + "\nevent: " + kind(each) + "\ndata: " + each + "\n\n");
    }
    if (batch.isOver() && batch.events().isEmpty()) {
      end();
      response.end();
    } else if (batch.isElsewhere() && batch.events().isEmpty()) {
      vertx.setTimer(POLL.toMillis(), id -> read());
    } else if (response.writeQueueFull()) {
      response.drainHandler(drained -> read());
    } else if (again || !batch.events().isEmpty()) {
      read();
    }
  }

  /** As a field of the stream: no line can end in it. */
  private static String kind(JsonNode event) {
    return event.path("kind").asText().replaceAll("[^a-z_]", "");
  }

  /** A node that looks after the job and is away may come back. */
  private void onFailure(@Nullable Throwable failure) {
    if (System.nanoTime() - heard < AWAY_MAX.toNanos()) {
      vertx.setTimer(AGAIN.toMillis(), id -> read());
      return;
    }
    log.warn("the events of job {} cannot be read: {}", job, String.valueOf(failure));
    end();
    response.end();
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
