package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.waggle.coordinator.job.ArtifactStore;
import dev.waggle.coordinator.job.JobDraft;
import dev.waggle.coordinator.job.JobException;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.node.data.AccessToken.Scope;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Files by their SHA-256: what jobs left, and what they are to begin with. An upload goes to the
 * disk as it comes, so it has to be routed before anything that reads bodies into memory.
 */
final class ArtifactRoutes {
  /** The most uploads at once. */
  static final int UPLOADS_MAX = 4;

  private static final String ROOT = "/swarm/v1/artifacts";
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  private final NodeControl node;
  private final JobHomes homes;
  private final Guard guard;
  private final Vertx vertx;
  private final Executor blocking;
  private final Semaphore uploads = new Semaphore(UPLOADS_MAX);

  ArtifactRoutes(NodeControl node, JobHomes homes, Guard guard, Vertx vertx, Executor blocking) {
    this.node = node;
    this.homes = homes;
    this.guard = guard;
    this.vertx = vertx;
    this.blocking = blocking;
  }

  void addTo(Router router) {
    router.post(ROOT).handler(guard.requiring(Scope.JOBS)).handler(this::upload);
    router.get(ROOT + "/:sha256").handler(guard.requiring(Scope.JOBS)).handler(this::download);
  }

  private void download(RoutingContext context) {
    String sha256 = context.pathParam("sha256");
    Optional<Path> file = node.artifacts().find(sha256);
    String job = context.request().getParam("job");
    if (file.isPresent() || job == null || !HASH.matcher(sha256).matches()) {
      send(context, file.orElseThrow(JobHomes::noArtifact));
      return;
    }
    int number = JobRoutes.number(context, "task", 0, JobDraft.TASKS_MAX);
    Context loop = vertx.getOrCreateContext();
    homes
        .artifact(JobRoutes.id(job), number, sha256, JobRoutes.on(context))
        .whenComplete(
            (brought, failure) ->
                loop.runOnContext(
                    now -> {
                      if (failure == null) {
                        send(context, brought);
                      } else {
                        Throwable cause = Failures.cause(failure);
                        context.fail(
                            cause instanceof JobException e ? JobRoutes.refused(e) : cause);
                      }
                    }));
  }

  private static void send(RoutingContext context, Path file) {
    context.response().putHeader("content-type", "application/octet-stream");
    context.response().sendFile(file.toString());
  }

  private void upload(RoutingContext context) {
    if (announced(context.request()) > Snapshot.BYTES_MAX) {
      throw tooLarge();
    }
    if (!uploads.tryAcquire()) {
      throw busy();
    }
    new Upload(context).begin();
  }

  /** How much a request says that comes; 0 where it does not say. */
  private static long announced(HttpServerRequest request) {
    String length = request.getHeader("content-length");
    try {
      return length == null ? 0 : Long.parseLong(length);
    } catch (NumberFormatException e) {
      throw new ApiException(ApiError.badRequest("content-length is no number", null));
    }
  }

  private static ApiException tooLarge() {
    return new ApiException(
        ApiError.of(
            413, "an artifact has at most " + Snapshot.BYTES_MAX + " bytes", "body_too_large"));
  }

  private static ApiException busy() {
    return new ApiException(
        ApiError.of(503, "this node is too busy (try again in a moment)", "overloaded"));
  }

  /** A file on its way to the disk. Its state belongs to the request's event loop. */
  private final class Upload {
    private final RoutingContext context;
    private final HttpServerRequest request;
    private final Context loop = vertx.getOrCreateContext();
    private ArtifactStore.@Nullable Incoming file;
    private boolean over;

    Upload(RoutingContext context) {
      this.context = context;
      this.request = context.request();
    }

    void begin() {
      request.pause();
      request.exceptionHandler(failure -> end(failure));
      request.handler(this::take);
      request.endHandler(
          nothing -> {
            if (!over) {
              step(() -> file().keep(), this::answer);
            }
          });
      step(
          () -> node.artifacts().begin(),
          begun -> {
            file = begun;
            if (over) {
              discard(begun);
            }
            request.resume();
          });
    }

    /** Something that waits for the disk. */
    private interface Work<T> {
      T run() throws IOException;
    }

    /** Does something off the event loop, and goes on there. */
    private <T> void step(Work<T> work, Consumer<T> then) {
      Supplier<T> unchecked =
          () -> {
            try {
              return work.run();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          };
      try {
        CompletableFuture.supplyAsync(unchecked, blocking)
            .whenComplete(
                (value, failure) ->
                    loop.runOnContext(
                        now -> {
                          if (failure != null) {
                            end(Failures.cause(failure));
                          } else {
                            then.accept(value);
                          }
                        }));
      } catch (RejectedExecutionException e) {
        end(busy());
      }
    }

    private ArtifactStore.Incoming file() {
      ArtifactStore.Incoming open = file;
      if (open == null) {
        throw new IllegalStateException("the upload has not begun");
      }
      return open;
    }

    private void take(Buffer part) {
      if (over) {
        return; // What still comes is thrown away.
      }
      request.pause();
      step(
          () -> {
            if (file().bytes() + part.length() > Snapshot.BYTES_MAX) {
              throw tooLarge();
            }
            file().write(part.getBytes());
            return part;
          },
          written -> request.resume());
    }

    private void answer(String sha256) {
      if (!over) {
        end(null);
        context.response().setStatusCode(201);
        HttpApi.send(context, JsonNodeFactory.instance.objectNode().put("sha256", sha256));
      }
    }

    private void discard(ArtifactStore.Incoming unfinished) {
      step(
          () -> {
            unfinished.close();
            return unfinished;
          },
          closed -> {});
    }

    private void end(@Nullable Throwable failure) {
      if (over) {
        return;
      }
      over = true;
      uploads.release();
      ArtifactStore.Incoming open = file;
      if (open != null && failure != null) {
        discard(open);
      }
      if (failure != null) {
        request.resume();
        context.fail(failure);
      }
    }
  }
}
