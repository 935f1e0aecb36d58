package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.ledger.Verification;
import dev.waggle.mesh.libp2p.Failures;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.UncheckedIOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Answers requests whose work waits for the disk or the network, off the event loops. */
final class LaterAnswers {
  /** JSON, a line at a time. */
  static final String LINES = "application/x-ndjson";

  private final Vertx vertx;
  private final Executor blocking;

  LaterAnswers(Vertx vertx, Executor blocking) {
    this.vertx = vertx;
    this.blocking = blocking;
  }

  /** Answers with what the work comes to. */
  void answer(RoutingContext context, Supplier<JsonNode> work) {
    try {
      answer(context, CompletableFuture.supplyAsync(work, blocking));
    } catch (RejectedExecutionException e) {
      throw busy();
    }
  }

  private static ApiException busy() {
    return new ApiException(
        ApiError.of(503, "this node is too busy (try again in a moment)", "overloaded"));
  }

  /** Work that tells how far it has come. */
  interface LongWork {
    JsonNode run(Verification.Progress progress);
  }

  /**
   * Answers with what long work comes to; with a line of JSON for each step before it, to whom
   * accepts {@value #LINES}.
   */
  void answerLong(RoutingContext context, LongWork work) {
    if (!LINES.equals(context.request().getHeader("accept"))) {
      answer(context, () -> work.run((checked, total) -> {}));
      return;
    }
    HttpServerResponse response = context.response();
    answerLines(
        context,
        say -> {
          JsonNode body =
              work.run(
                  (checked, total) -> {
                    if (response.closed()) {
                      throw new CancellationException("nobody waits for it");
                    }
                    say.accept(
                        JsonNodeFactory.instance
                            .objectNode()
                            .put("checked", checked)
                            .put("total", total));
                  });
          ObjectNode last = JsonNodeFactory.instance.objectNode();
          last.set("result", body);
          return last;
        },
        failure -> {
          ObjectNode last = JsonNodeFactory.instance.objectNode();
          last.putObject("error").put("message", failure);
          return last;
        });
  }

  /** Work that says lines before its last one. */
  interface LinesWork {
    ObjectNode run(Consumer<ObjectNode> say);
  }

  /**
   * Answers with a line of JSON for each thing that the work says, and for what it comes to.
   *
   * @param error the last line when it fails, from the cause
   */
  void answerLines(RoutingContext context, LinesWork work, Function<String, ObjectNode> error) {
    var loop = vertx.getOrCreateContext();
    HttpServerResponse response = context.response();
    response.setChunked(true).putHeader("content-type", LINES);
    Consumer<ObjectNode> say =
        line ->
            loop.runOnContext(
                now -> {
                  if (!response.ended() && !response.closed()) {
                    response.write(line + "\n");
                  }
                });
    try {
      CompletableFuture.supplyAsync(() -> work.run(say), blocking)
          .whenComplete(
              (last, failure) -> {
                say.accept(
                    failure == null
                        ? last
                        : error.apply(String.valueOf(Failures.cause(failure).getMessage())));
                loop.runOnContext(now -> response.end());
              });
    } catch (RejectedExecutionException e) {
      throw busy();
    }
  }

  void answer(RoutingContext context, CompletableFuture<? extends JsonNode> future) {
    var loop = vertx.getOrCreateContext();
    future.whenComplete(
        (body, failure) ->
            loop.runOnContext(
                now -> {
                  if (failure == null) {
                    HttpApi.send(context, body);
                    return;
                  }
                  Throwable cause = Failures.cause(failure);
                  if (cause instanceof UncheckedIOException io) {
                    cause =
                        new ApiException(ApiError.of(500, String.valueOf(io.getMessage()), "disk"));
                  }
                  context.fail(cause);
                }));
  }
}
