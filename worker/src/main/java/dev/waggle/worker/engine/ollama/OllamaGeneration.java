package dev.waggle.worker.engine.ollama;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.engine.Patience;
import dev.waggle.worker.engine.SilenceWatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * One answer streamed from {@code /api/chat} as lines of JSON. It counts only when a line says
 * {@code done}; an error line, a cut or a pause that is too long is a failure.
 */
final class OllamaGeneration implements Generation {
  /** The longest line of an answer, in bytes. */
  static final int LINE_BYTES_MAX = 1 << 20;

  private static final int ERROR_BYTES_MAX = 8 << 10;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http;
  private final URI address;
  private final TaskSpec.Chat chat;
  private final Patience patience;
  private final ScheduledExecutorService timer;
  private final Object lock = new Object();
  private boolean canceled;
  private @Nullable CompletableFuture<HttpResponse<InputStream>> sending;
  private @Nullable InputStream body;
  private @Nullable SilenceWatch silence;

  OllamaGeneration(
      HttpClient http,
      URI address,
      TaskSpec.Chat chat,
      Patience patience,
      ScheduledExecutorService timer) {
    this.http = http;
    this.address = address;
    this.chat = chat;
    this.patience = patience;
    this.timer = timer;
  }

  @Override
  public End run(Output output) throws EngineException, IOException, InterruptedException {
    try (SilenceWatch watch = new SilenceWatch(patience, timer, this::close)) {
      synchronized (lock) {
        silence = watch;
      }
      return read(send(), output, watch);
    } finally {
      close();
    }
  }

  @Override
  public void cancel() {
    synchronized (lock) {
      canceled = true;
    }
    close();
  }

  /** Closing the connection is how Ollama is told to stop. */
  private void close() {
    InputStream open;
    CompletableFuture<?> waiting;
    synchronized (lock) {
      open = body;
      waiting = sending;
    }
    if (waiting != null) {
      waiting.cancel(true);
    }
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        throw new AssertionError("the client's body stream never fails to close", e);
      }
    }
  }

  private HttpResponse<InputStream> send() throws EngineException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(requestBody()))
            .build();
    CompletableFuture<HttpResponse<InputStream>> answer;
    synchronized (lock) {
      if (canceled) {
        throw new InterruptedException("canceled");
      }
      answer = http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
      sending = answer;
    }
    try {
      HttpResponse<InputStream> response = answer.get();
      synchronized (lock) {
        body = response.body();
        sending = null;
        if (canceled) {
          throw new InterruptedException("canceled");
        }
      }
      return response;
    } catch (CancellationException | ExecutionException e) {
      throw broken(e.getCause() == null ? e : e.getCause());
    }
  }

  /** Why the exchange with Ollama broke: because this side ended it, or by itself. */
  private EngineException broken(Throwable cause) throws InterruptedException {
    synchronized (lock) {
      if (silence != null && silence.isSilent()) {
        return new EngineException(Outcome.Failure.ENGINE, "Ollama " + silence.words(), cause);
      }
      if (canceled) {
        throw new InterruptedException("canceled");
      }
    }
    String said =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return new EngineException(
        Outcome.Failure.ENGINE, "the connection to Ollama broke: " + said, cause);
  }

  private byte[] requestBody() {
    ObjectNode request = JSON.createObjectNode().put("model", chat.model()).put("stream", true);
    ArrayNode messages = request.putArray("messages");
    for (ChatMessage message : chat.messages()) {
      messages
          .addObject()
          .put("role", message.role().name().toLowerCase(Locale.ROOT))
          .put("content", message.content());
    }
    ObjectNode options = request.putObject("options");
    Sampling sampling = chat.sampling();
    sampling.maxTokens().ifPresent(value -> options.put("num_predict", value));
    sampling.temperature().ifPresent(value -> options.put("temperature", value));
    sampling.topP().ifPresent(value -> options.put("top_p", value));
    sampling.seed().ifPresent(value -> options.put("seed", value));
    if (!sampling.stop().isEmpty()) {
      ArrayNode stop = options.putArray("stop");
      sampling.stop().forEach(stop::add);
    }
    try {
      return JSON.writeValueAsBytes(request);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of JSON can be written", e);
    }
  }

  private End read(HttpResponse<InputStream> response, Output output, SilenceWatch watch)
      throws EngineException, IOException, InterruptedException {
    if (response.statusCode() != 200) {
      throw refused(response);
    }
    LineReader lines = new LineReader(response.body());
    while (true) {
      byte[] line;
      try {
        line = lines.next();
      } catch (IOException e) {
        throw broken(e);
      }
      watch.onHeard();
      if (line == null) {
        throw broken(new IOException("it ended before the answer did"));
      }
      JsonNode part = parse(line);
      if (part.has("error")) {
        throw new EngineException(
            Outcome.Failure.ENGINE, "Ollama failed: " + part.path("error").asText());
      }
      emit(part.path("message"), output);
      watch.onPassedOn();
      if (part.path("done").asBoolean()) {
        return end(part);
      }
    }
  }

  private void emit(JsonNode message, Output output) throws IOException, InterruptedException {
    String thinking = message.path("thinking").asText("");
    if (!thinking.isEmpty()) {
      output.chunk(new Chunk.Thinking(thinking));
    }
    String text = message.path("content").asText("");
    if (!text.isEmpty()) {
      output.chunk(new Chunk.Text(text));
    }
  }

  private static JsonNode parse(byte[] line) throws EngineException {
    try {
      return JSON.readTree(line);
    } catch (IOException e) {
      throw new EngineException(Outcome.Failure.ENGINE, "Ollama sent a line that is no JSON", e);
    }
  }

  private EngineException refused(HttpResponse<InputStream> response) {
    String message = "HTTP status " + response.statusCode();
    try {
      JsonNode error = JSON.readTree(response.body().readNBytes(ERROR_BYTES_MAX)).path("error");
      message = error.asText(message);
    } catch (IOException e) {
      message += " with an answer that is no JSON";
    }
    Outcome.Failure failure =
        switch (response.statusCode()) {
          case 400 -> Outcome.Failure.BAD_REQUEST;
          case 404 -> Outcome.Failure.NO_SUCH_MODEL;
          default -> Outcome.Failure.ENGINE;
        };
    return new EngineException(failure, "Ollama refused: " + message);
  }

  private static End end(JsonNode last) {
    Outcome.FinishReason reason =
        last.path("done_reason").asText().equals("length")
            ? Outcome.FinishReason.LENGTH
            : Outcome.FinishReason.STOP;
    return new End(
        reason,
        new Usage(
            Math.max(0, last.path("prompt_eval_count").asInt()),
            Math.max(0, last.path("eval_count").asInt()),
            nanos(last, "load_duration"),
            nanos(last, "prompt_eval_duration"),
            nanos(last, "eval_duration")));
  }

  private static Duration nanos(JsonNode last, String field) {
    return Duration.ofNanos(Math.max(0, last.path(field).asLong()));
  }

  /** Cuts a stream into lines of bounded length. */
  private static final class LineReader {
    private final InputStream in;
    private final byte[] buffer = new byte[8 << 10];
    private int at;
    private int end;

    LineReader(InputStream in) {
      this.in = in;
    }

    /** The next line that is not empty; null at the end of the stream. */
    byte @Nullable [] next() throws IOException, EngineException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      while (true) {
        if (at == end) {
          at = 0;
          end = in.read(buffer);
          if (end < 0) {
            end = 0;
            return line.size() > 0 ? line.toByteArray() : null;
          }
        }
        byte next = buffer[at++];
        if (next != '\n') {
          line.write(next);
        } else if (line.size() > 0) {
          return line.toByteArray();
        }
        if (line.size() > LINE_BYTES_MAX) {
          throw new EngineException(
              Outcome.Failure.LIMIT, "Ollama sent a line beyond " + LINE_BYTES_MAX + " bytes");
        }
      }
    }
  }
}
