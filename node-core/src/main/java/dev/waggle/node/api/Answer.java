package dev.waggle.node.api;

import dev.waggle.coordinator.Placement;
import dev.waggle.coordinator.RunningTask;
import dev.waggle.coordinator.TaskFailure;
import dev.waggle.coordinator.TaskListener;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Takes one task's answer to its client, at the client's speed. The task's calls come from any
 * thread; everything that touches the response happens on its event loop.
 */
final class Answer implements TaskListener {
  /** The longest answer that is gathered for a client that does not stream, in characters. */
  static final int WHOLE_CHARACTERS_MAX = 16 << 20;

  /** When a stream shows its headers even if nobody answers yet: clients give up at thirty. */
  static final Duration HEADERS_MAX = Duration.ofSeconds(15);

  /** How often a waiting stream shows that it is alive. */
  static final Duration KEEP_ALIVE = Duration.ofSeconds(10);

  private final HttpServerResponse response;
  private final Vertx vertx;
  private final Context context;
  private final AnswerForm form;
  private final boolean stream;
  private final ApiMetrics.Request metrics;
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder thinking = new StringBuilder();
  private final long headersTimer;
  private long keepAliveTimer = -1;
  private @Nullable RunningTask task;
  private boolean begun;
  private boolean ended;

  Answer(
      Vertx vertx,
      HttpServerResponse response,
      AnswerForm form,
      boolean stream,
      ApiMetrics.Request metrics) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.response = response;
    this.form = form;
    this.stream = stream;
    this.metrics = metrics;
    this.headersTimer = vertx.setTimer(HEADERS_MAX.toMillis(), id -> keepAlive());
    response.closeHandler(gone -> onClientGone());
    response.exceptionHandler(failure -> onClientGone());
  }

  /** The task that is answered; on the event loop, before anything else can happen on it. */
  void answers(RunningTask running) {
    task = running;
    if (!ended) {
      response.putHeader("x-waggle-task", running.id().value());
    }
  }

  private void onClientGone() {
    if (!ended) {
      end();
      metrics.ended("canceled");
      if (task != null) {
        task.cancel();
      }
    }
  }

  @Override
  public void onStarted(Placement placement) {
    context.runOnContext(
        now -> {
          metrics.firstByte();
          if (!ended && !response.headWritten()) {
            response.putHeader("x-waggle-task", placement.task().value());
            response.putHeader("x-waggle-node", placement.worker().toString());
            response.putHeader("x-waggle-model", placement.model());
            response.putHeader("x-waggle-model-digest", placement.modelDigest());
          }
        });
  }

  @Override
  public CompletableFuture<Void> onChunk(Chunk chunk) {
    CompletableFuture<Void> taken = new CompletableFuture<>();
    context.runOnContext(now -> take(chunk, taken));
    return taken;
  }

  private void take(Chunk chunk, CompletableFuture<Void> taken) {
    if (ended) {
      taken.completeExceptionally(new IOException("the client is gone"));
      return;
    }
    if (!stream) {
      gather(chunk);
      taken.complete(null);
      return;
    }
    begin();
    response.write(form.piece(chunk));
    if (response.writeQueueFull()) {
      response.drainHandler(drained -> taken.complete(null));
    } else {
      taken.complete(null);
    }
  }

  private void gather(Chunk chunk) {
    if (chunk instanceof Chunk.Thinking thought) {
      thinking.append(thought.text());
    } else if (chunk instanceof Chunk.Text piece) {
      text.append(piece.text());
    }
    if (text.length() + thinking.length() > WHOLE_CHARACTERS_MAX) {
      if (task != null) {
        task.cancel();
      }
      fail(
          ApiError.of(
              502,
              "the answer is longer than "
                  + WHOLE_CHARACTERS_MAX
                  + " characters (ask for a stream)",
              "answer_too_long"));
    }
  }

  private void begin() {
    if (!begun) {
      begun = true;
      response.putHeader("content-type", form.streamType());
      response.putHeader("cache-control", "no-cache");
      response.setChunked(true);
      String first = form.begin();
      if (!first.isEmpty()) {
        response.write(first);
      }
    }
  }

  /** Nobody answers yet: show headers and a sign of life, so that the client waits on. */
  private void keepAlive() {
    if (stream && !ended && text.isEmpty()) {
      begin();
      response.write(form.keepAlive());
      keepAliveTimer = vertx.setTimer(KEEP_ALIVE.toMillis(), id -> keepAlive());
    }
  }

  @Override
  public void onDone(TaskSummary summary) {
    context.runOnContext(
        now -> {
          if (ended) {
            return;
          }
          end();
          metrics.ended("done");
          if (stream) {
            begin();
            response.end(form.end(summary));
          } else {
            response.putHeader("content-type", "application/json");
            response.end(form.whole(summary, text.toString(), thinking.toString()));
          }
        });
  }

  @Override
  public void onFailed(TaskFailure failure) {
    context.runOnContext(now -> fail(ApiError.of(failure)));
  }

  private void fail(ApiError error) {
    if (ended) {
      return;
    }
    end();
    metrics.ended("failed");
    if (begun) {
      response.end(form.error(error));
    } else {
      HttpApi.send(response, error, form.errorBody(error));
    }
  }

  private void end() {
    ended = true;
    vertx.cancelTimer(headersTimer);
    vertx.cancelTimer(keepAliveTimer);
  }
}
