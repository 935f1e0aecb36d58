package dev.waggle.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A call to a server that takes the request and says nothing at all. */
@Timeout(30)
class HttpCallTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final ExecutorService caller = Executors.newSingleThreadExecutor();
  private final CompletableFuture<Thread> calling = new CompletableFuture<>();
  private ServerSocket server;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    timer.shutdownNow();
    caller.shutdownNow();
  }

  private HttpCall call(Duration patience) {
    return new HttpCall(HttpCall.client(), "the server", new Patience(patience, patience), timer);
  }

  /** What the call ends with; the thread that made it is not left interrupted. */
  private Future<Throwable> post(HttpCall call) {
    URI address = URI.create("http://127.0.0.1:" + server.getLocalPort() + "/");
    return caller.submit(
        () -> {
          calling.complete(Thread.currentThread());
          try {
            call.post(HttpRequest.newBuilder(address), new byte[] {'{', '}'});
            return new AssertionError("it was answered");
          } catch (EngineException | InterruptedException e) {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            return e;
          }
        });
  }

  /** Waits for the whole request. */
  private Socket take() throws IOException {
    Socket connection = server.accept();
    StringBuilder request = new StringBuilder();
    while (request.indexOf("{}") < 0) {
      int next = connection.getInputStream().read();
      assertThat(next).isNotNegative();
      request.append((char) next);
    }
    return connection;
  }

  /** Waits until the client has closed the connection. */
  private static void awaitEnd(Socket connection) throws IOException {
    try (InputStream in = connection.getInputStream()) {
      assertThat(in.read()).isNegative();
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("reset");
    }
  }

  @Test
  void cancel_beforeAnyAnswer_endsTheRequestAndItsConnection() throws Exception {
    HttpCall call = call(LONG);
    Future<Throwable> ended = post(call);
    try (Socket connection = take()) {
      call.cancel();
      assertThat(ended.get(10, TimeUnit.SECONDS))
          .isInstanceOf(InterruptedException.class)
          .hasMessage("canceled");
      awaitEnd(connection);
    }
  }

  @Test
  void silence_beforeAnyAnswer_isSaid() throws Exception {
    HttpCall call = call(Duration.ofMillis(200));
    try (SilenceWatch watch = call.watch()) {
      watch.onPassedOn();
      Future<Throwable> ended = post(call);
      try (Socket connection = take()) {
        assertThat(ended.get(10, TimeUnit.SECONDS))
            .isInstanceOf(EngineException.class)
            .hasMessageContaining("the server was silent");
        awaitEnd(connection);
      }
    }
  }

  @Test
  void interrupt_ofTheCaller_endsTheRequestAndItsConnection() throws Exception {
    Future<Throwable> ended = post(call(LONG));
    try (Socket connection = take()) {
      calling.get(10, TimeUnit.SECONDS).interrupt();
      assertThat(ended.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
      awaitEnd(connection);
    }
  }
}
