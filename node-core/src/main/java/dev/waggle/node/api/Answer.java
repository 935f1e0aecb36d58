package dev.waggle.node.api;

import dev.waggle.coordinator.Placement;
import dev.waggle.coordinator.RunningTask;
import dev.waggle.coordinator.TaskFailure;
import dev.waggle.coordinator.TaskListener;
import dev.waggle.coordinator.TaskSubmitter;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Progress;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Takes the answer to one request to its client, at the client's speed. The tasks' calls come from
 * any thread; everything that touches the response happens on its event loop.
 */
final class Answer {
  /** The longest answer that is gathered for a client that does not stream, in bytes. */
  static final long WHOLE_BYTES_MAX = 64L << 20;

  /**
   * When a stream shows its headers even if no answer begins: until then a failure can still be an
   * honest status, and the headers name who answers.
   */
  static final Duration HEADERS_MAX = Duration.ofMillis(500);

  /** How often a waiting stream shows that it is alive. */
  static final Duration KEEP_ALIVE = Duration.ofSeconds(5);

  private final HttpServerResponse response;
  private final Vertx vertx;
  private final Context context;
  private final ModelCall call;
  private final AnswerForm form;
  private final ApiMetrics.Request metrics;
  private final List<Gathered> choices = new ArrayList<>();
  private final List<RunningTask> tasks = new ArrayList<>();
  private long timer;
  private Progress progress = Progress.RUNNING;
  private boolean answering;
  private boolean quiet = true;
  private boolean begun;
  private boolean ended;

  Answer(Vertx vertx, HttpServerResponse response, ModelCall call, ApiMetrics.Request metrics) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.response = response;
    this.call = call;
    this.form = call.form();
    this.metrics = metrics;
    this.timer = vertx.setTimer(HEADERS_MAX.toMillis(), id -> keepAlive());
    response.closeHandler(gone -> onClientGone());
    response.exceptionHandler(failure -> onClientGone());
  }

  /** Has the request answered; on the event loop. */
  void begin(TaskSubmitter submitter) {
    for (TaskSpec each : call.tasks()) {
      Choice choice = new Choice(choices.size());
      choices.add(new Gathered());
      tasks.add(submitter.submit(each, call.terms(), choice));
    }
    if (!response.headWritten()) {
      response.putHeader("x-waggle-task", tasks.get(0).id().value());
    }
  }

  private void onClientGone() {
    if (!ended) {
      end();
      metrics.ended("canceled");
      cancelTasks();
    }
  }

  private void cancelTasks() {
    tasks.forEach(RunningTask::cancel);
  }

  private void place(Placement placement) {
    if (!ended && !response.headWritten()) {
      response.putHeader("x-waggle-node", placement.worker().toString());
      response.putHeader("x-waggle-model", placement.model());
      response.putHeader("x-waggle-model-digest", placement.modelDigest());
      response.putHeader("x-waggle-queue-ms", Long.toString(placement.queued().toMillis()));
    }
  }

  /** Brings what one choice's task says onto the event loop. */
  private final class Choice implements TaskListener {
    private final int index;

    Choice(int index) {
      this.index = index;
    }

    @Override
    public void onProgress(Placement placement, Progress now) {
      context.runOnContext(
          loop -> {
            progress = now;
            if (index == 0 && !answering) {
              place(placement);
            }
          });
    }

    @Override
    public void onStarted(Placement placement) {
      context.runOnContext(
          now -> {
            if (!answering) {
              answering = true;
              metrics.firstByte();
            }
            if (index == 0) {
              place(placement);
            }
          });
    }

    @Override
    public CompletableFuture<Void> onChunk(Chunk chunk) {
      CompletableFuture<Void> taken = new CompletableFuture<>();
      context.runOnContext(now -> take(index, chunk, taken));
      return taken;
    }

    @Override
    public void onRestarted() {
      context.runOnContext(now -> choices.get(index).clear());
    }

    @Override
    public void onDone(TaskSummary summary) {
      context.runOnContext(now -> done(index, summary));
    }

    @Override
    public void onFailed(TaskFailure failure) {
      context.runOnContext(now -> fail(ApiError.of(failure)));
    }
  }

  private void take(int choice, Chunk chunk, CompletableFuture<Void> taken) {
    if (ended) {
      taken.completeExceptionally(new IOException("the client is gone"));
      return;
    }
    if (!call.stream()) {
      gather(choice, chunk);
      taken.complete(null);
      return;
    }
    write(begin() + form.piece(choice, chunk));
    if (response.writeQueueFull()) {
      response.drainHandler(drained -> taken.complete(null));
    } else {
      taken.complete(null);
    }
  }

  private void gather(int choice, Chunk chunk) {
    choices.get(choice).add(chunk);
    if (choices.stream().mapToLong(Gathered::bytes).sum() > WHOLE_BYTES_MAX) {
      fail(
          ApiError.of(
              502,
              "the answer is longer than " + WHOLE_BYTES_MAX + " bytes (ask for a stream)",
              "answer_too_long"));
    }
  }

  /** Begins the stream if it has not begun; what it then says first goes with what comes next. */
  private String begin() {
    if (begun) {
      return "";
    }
    begun = true;
    response.putHeader("content-type", form.streamType());
    response.putHeader("cache-control", "no-cache");
    response.setChunked(true);
    return form.begin();
  }

  private void write(String piece) {
    if (!piece.isEmpty()) {
      quiet = false;
      response.write(piece);
    }
  }

  /** Nothing comes yet: show headers and a sign of life, so that the client waits on. */
  private void keepAlive() {
    if (call.stream() && !ended) {
      String opening = begin();
      boolean waiting = quiet && !response.writeQueueFull();
      write(waiting ? opening + form.keepAlive(progress) : opening);
      quiet = true;
      timer = vertx.setTimer(KEEP_ALIVE.toMillis(), id -> keepAlive());
    }
  }

  private void done(int choice, TaskSummary summary) {
    if (ended) {
      return;
    }
    choices.get(choice).end(summary);
    boolean last = choices.stream().allMatch(Gathered::hasEnded);
    String piece = call.stream() ? begin() + form.end(choice, summary) : "";
    if (!last) {
      write(piece);
      return;
    }
    end();
    metrics.ended("done");
    if (call.stream()) {
      response.end(piece + form.complete(choices));
    } else {
      response.putHeader("content-type", "application/json");
      response.end(form.whole(choices));
    }
  }

  private void fail(ApiError error) {
    if (ended) {
      return;
    }
    end();
    metrics.ended("failed");
    cancelTasks();
    if (begun) {
      response.end(form.error(error));
    } else {
      HttpApi.send(response, error, form.errorBody(error));
    }
  }

  private void end() {
    ended = true;
    vertx.cancelTimer(timer);
  }
}
