package dev.waggle.worker.engine;

import dev.waggle.mesh.swarm.exchange.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one generation to an engine's HTTP server, one after another. Closing the
 * connection is how such servers are told to stop. {@link #cancel} may come from any thread, the
 * rest belongs to the one that runs the generation.
 */
public final class HttpCall implements AutoCloseable {
  private static final Duration CONNECT_MAX = Duration.ofSeconds(2);

  private final HttpClient http;
  private final String engine;
  private final Patience patience;
  private final ScheduledExecutorService timer;
  private final Object lock = new Object();
  private boolean canceled;
  private boolean ended;
  private @Nullable Thread sender;
  private @Nullable InputStream body;
  private @Nullable SilenceWatch silence;

  /**
   * @param engine its name, for people
   * @param timer watches for silence; stays the caller's to close
   */
  public HttpCall(
      HttpClient http, String engine, Patience patience, ScheduledExecutorService timer) {
    this.http = http;
    this.engine = engine;
    this.patience = patience;
    this.timer = timer;
  }

  /**
   * A client for engines. What it does for an answer it does on its own thread: no step of that
   * waits, and each hand-over to another thread would cost every piece time.
   */
  public static HttpClient client() {
    return HttpClient.newBuilder()
        .executor(Runnable::run)
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(CONNECT_MAX)
        .build();
  }

  /** Watches from now on for silence, which ends the call. */
  public SilenceWatch watch() {
    SilenceWatch watch = new SilenceWatch(patience, timer, this::close);
    synchronized (lock) {
      silence = watch;
    }
    return watch;
  }

  /**
   * Posts JSON and waits for the head of the answer.
   *
   * @throws EngineException if it cannot be sent, or the engine is silent for too long
   * @throws InterruptedException when it was cancelled
   */
  public HttpResponse<InputStream> post(HttpRequest.Builder to, byte[] json)
      throws EngineException, InterruptedException {
    HttpRequest request =
        to.header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(json))
            .build();
    try {
      HttpResponse<InputStream> response = send(request);
      if (isEnded()) {
        response.body().close();
        throw new IOException("closed");
      }
      return response;
    } catch (IOException e) {
      throw broken(e);
    } catch (InterruptedException e) {
      if (isEnded()) {
        throw broken(e);
      }
      throw e;
    }
  }

  /** Not with {@code sendAsync}: it has another thread complete each answer, maybe a new one. */
  private HttpResponse<InputStream> send(HttpRequest request)
      throws IOException, InterruptedException {
    synchronized (lock) {
      requireWanted();
      ended = false;
      sender = Thread.currentThread();
    }
    try {
      HttpResponse<InputStream> response =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      synchronized (lock) {
        body = response.body();
      }
      return response;
    } finally {
      synchronized (lock) {
        sender = null;
        if (ended) {
          boolean unused = Thread.interrupted(); // That was for this request alone.
        }
      }
    }
  }

  private boolean isEnded() {
    synchronized (lock) {
      return ended;
    }
  }

  /** Why the exchange broke: because this side ended it, or by itself. */
  public EngineException broken(Throwable cause) throws InterruptedException {
    synchronized (lock) {
      if (silence != null && silence.isSilent()) {
        return new EngineException(Outcome.Failure.ENGINE, engine + " " + silence.words(), cause);
      }
      requireWanted();
    }
    String said =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return new EngineException(
        Outcome.Failure.ENGINE, "the connection to " + engine + " broke: " + said, cause);
  }

  private void requireWanted() throws InterruptedException {
    if (canceled) {
      throw new InterruptedException("canceled");
    }
  }

  /** Ends it for good. */
  public void cancel() {
    synchronized (lock) {
      canceled = true;
    }
    close();
  }

  /** Ends the request that is under way. */
  @Override
  public void close() {
    InputStream open;
    synchronized (lock) {
      open = body;
      if (sender != null) {
        ended = true;
        sender.interrupt();
      }
    }
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        throw new AssertionError("the client's body stream never fails to close", e);
      }
    }
  }
}
