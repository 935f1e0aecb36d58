package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/** Answers requests whose work waits for the disk or the network, off the event loops. */
final class LaterAnswers {
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
      throw new ApiException(
          ApiError.of(503, "this node is too busy (try again in a moment)", "overloaded"));
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
                  Throwable cause =
                      failure instanceof CompletionException && failure.getCause() != null
                          ? failure.getCause()
                          : failure;
                  if (cause instanceof UncheckedIOException io) {
                    cause =
                        new ApiException(ApiError.of(500, String.valueOf(io.getMessage()), "disk"));
                  }
                  context.fail(cause);
                }));
  }
}
