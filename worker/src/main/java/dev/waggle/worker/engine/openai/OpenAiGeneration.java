package dev.waggle.worker.engine.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Logprob;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.engine.HttpCall;
import dev.waggle.worker.engine.LineReader;
import dev.waggle.worker.engine.SilenceWatch;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One answer of an OpenAI-compatible server, as server-sent events. It counts only when a choice
 * says why it finished; an error event, a cut or a pause that is too long is a failure.
 */
final class OpenAiGeneration implements Generation {
  /** The longest line of an answer, in bytes: all vectors of a request come in one. */
  static final int LINE_BYTES_MAX = 64 << 20;

  private static final int ERROR_BYTES_MAX = 8 << 10;
  private static final String DATA = "data:";
  // A field of llama-server's own.
  private static final String ERROR = "error:";
  private static final String DONE = "[DONE]";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Begins requests to one server. */
  interface Server {
    /**
     * A request that still needs its body.
     *
     * @throws EngineException if the server may not be used
     */
    HttpRequest.Builder request(String path) throws EngineException;
  }

  private final Server server;
  private final TaskSpec task;
  private final HttpCall call;
  private final long begun = System.nanoTime();
  private long firstNanos;
  private int pieces;
  private boolean called;

  OpenAiGeneration(Server server, TaskSpec task, HttpCall call) {
    this.server = server;
    this.task = task;
    this.call = call;
  }

  @Override
  public End run(Output output) throws EngineException, IOException, InterruptedException {
    try (SilenceWatch watch = call.watch()) {
      if (task instanceof TaskSpec.Chat chat) {
        return stream(send("/chat/completions", OpenAiBody.chat(chat)), output, watch);
      }
      if (task instanceof TaskSpec.Completion completion) {
        return stream(send("/completions", OpenAiBody.completion(completion)), output, watch);
      }
      return embed((TaskSpec.Embedding) task, output, watch);
    } finally {
      call.close();
    }
  }

  @Override
  public void cancel() {
    call.cancel();
  }

  private LineReader send(String path, byte[] body) throws EngineException, InterruptedException {
    HttpResponse<InputStream> response = call.post(server.request(path), body);
    if (response.statusCode() != 200) {
      throw refused(response);
    }
    return new LineReader(response.body(), LINE_BYTES_MAX);
  }

  private static EngineException refused(HttpResponse<InputStream> response) {
    if (response.statusCode() == 401 || response.statusCode() == 403) {
      // What it says itself may repeat the key.
      return new EngineException(
          Outcome.Failure.ENGINE,
          "the server refused the key that it was shown (check openai.key)");
    }
    String message = "HTTP status " + response.statusCode();
    try {
      message =
          errorOf(
              JSON.readTree(response.body().readNBytes(ERROR_BYTES_MAX)).path("error"), message);
    } catch (IOException e) {
      message += " with an answer that is no JSON";
    }
    Outcome.Failure failure =
        switch (response.statusCode()) {
          case 400, 422 -> Outcome.Failure.BAD_REQUEST;
          case 404 -> Outcome.Failure.NO_SUCH_MODEL;
          default -> Outcome.Failure.ENGINE;
        };
    return new EngineException(failure, "the server refused: " + message);
  }

  private static String errorOf(JsonNode error, String otherwise) {
    return error.isTextual() ? error.asText() : error.path("message").asText(otherwise);
  }

  private static EngineException failed(JsonNode error, String otherwise) {
    return new EngineException(
        Outcome.Failure.ENGINE, "the server failed: " + errorOf(error, otherwise));
  }

  private End stream(LineReader lines, Output output, SilenceWatch watch)
      throws EngineException, IOException, InterruptedException {
    String finish = null;
    Usage usage = null;
    while (true) {
      String line = next(lines, watch);
      if (line == null) {
        break;
      }
      if (line.startsWith(ERROR)) {
        throw failed(parse(line.substring(ERROR.length())), line);
      }
      // Comments and the names of events say nothing here; they show that the server lives.
      if (line.startsWith(DATA)) {
        String data = line.substring(DATA.length()).strip();
        if (data.equals(DONE)) {
          break;
        }
        JsonNode event = parse(data);
        JsonNode choice = event.path("choices").path(0);
        emit(choice, output);
        finish = choice.path("finish_reason").asText(finish);
        usage = event.path("usage").isObject() ? usage(event.path("usage")) : usage;
      }
      watch.onPassedOn();
    }
    if (finish == null || finish.equals("null")) {
      throw call.broken(new IOException("it ended before the answer did"));
    }
    return new End(reason(finish), usage == null ? usage(JSON.createObjectNode()) : usage);
  }

  private Outcome.FinishReason reason(String finish) {
    if (called) {
      return Outcome.FinishReason.TOOL_CALLS;
    }
    return finish.equals("length") ? Outcome.FinishReason.LENGTH : Outcome.FinishReason.STOP;
  }

  private @Nullable String next(LineReader lines, SilenceWatch watch)
      throws EngineException, InterruptedException {
    try {
      byte[] line = lines.next();
      watch.onHeard();
      return line == null ? null : new String(line, StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw call.broken(e);
    }
  }

  private static JsonNode parse(String data) throws EngineException {
    try {
      JsonNode event = JSON.readTree(data);
      if (event.hasNonNull("error")) {
        throw failed(event.path("error"), data);
      }
      return event;
    } catch (IOException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "the server sent an event that is no JSON", e);
    }
  }

  private void emit(JsonNode choice, Output output)
      throws EngineException, IOException, InterruptedException {
    JsonNode delta = choice.path("delta");
    String thinking = delta.path("reasoning_content").asText(delta.path("reasoning").asText(""));
    if (!thinking.isEmpty()) {
      say(new Chunk.Thinking(thinking), output);
    }
    String text =
        choice.has("text") ? choice.path("text").asText("") : plain(delta.path("content"));
    List<Logprob> logprobs = OpenAiLogprobs.of(choice.path("logprobs"));
    if (!text.isEmpty() || !logprobs.isEmpty()) {
      say(new Chunk.Text(text, logprobs), output);
    }
    for (JsonNode each : delta.path("tool_calls")) {
      int index = each.path("index").asInt();
      if (index < 0 || index >= ToolCall.CALLS_MAX) {
        throw new EngineException(
            Outcome.Failure.LIMIT, "the server calls more than " + ToolCall.CALLS_MAX + " tools");
      }
      called = true;
      JsonNode function = each.path("function");
      say(
          new Chunk.Call(
              new ToolCall(
                  index,
                  plain(each.path("id")),
                  plain(function.path("name")),
                  plain(function.path("arguments")))),
          output);
    }
  }

  private static String plain(JsonNode node) {
    return node.isTextual() ? node.asText() : "";
  }

  private void say(Chunk chunk, Output output) throws IOException, InterruptedException {
    if (firstNanos == 0) {
      firstNanos = System.nanoTime();
    }
    pieces++;
    output.chunk(chunk);
  }

  /** What the server counted; where it did not, what was seen here. */
  private Usage usage(JsonNode said) {
    long now = System.nanoTime();
    long first = firstNanos == 0 ? now : firstNanos;
    return new Usage(
        Math.max(0, said.path("prompt_tokens").asInt()),
        Math.max(0, said.path("completion_tokens").asInt(pieces)),
        Duration.ZERO,
        Duration.ofNanos(first - begun),
        Duration.ofNanos(now - first));
  }

  private End embed(TaskSpec.Embedding embedding, Output output, SilenceWatch watch)
      throws EngineException, IOException, InterruptedException {
    LineReader lines = send("/embeddings", OpenAiBody.embedding(embedding));
    JsonNode answer = parse(whole(lines, watch));
    List<Chunk.Vector> vectors = new ArrayList<>();
    for (JsonNode each : answer.path("data")) {
      List<Float> values = new ArrayList<>();
      each.path("embedding").forEach(value -> values.add((float) value.asDouble()));
      vectors.add(new Chunk.Vector(each.path("index").asInt(vectors.size()), values));
    }
    vectors.sort(Comparator.comparingInt(Chunk.Vector::index));
    List<Integer> places = vectors.stream().map(Chunk.Vector::index).toList();
    if (!places.equals(IntStream.range(0, embedding.inputs().size()).boxed().toList())) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "the server answered with other vectors than one for each text");
    }
    for (Chunk.Vector each : vectors) {
      say(each, output);
    }
    return new End(Outcome.FinishReason.STOP, usage(answer.path("usage")));
  }

  private String whole(LineReader lines, SilenceWatch watch)
      throws EngineException, InterruptedException {
    StringBuilder body = new StringBuilder();
    String line = next(lines, watch);
    while (line != null) {
      body.append(line);
      if (body.length() > LINE_BYTES_MAX) {
        throw new EngineException(
            Outcome.Failure.LIMIT, "the server's vectors are longer than " + LINE_BYTES_MAX);
      }
      watch.onPassedOn();
      line = next(lines, watch);
    }
    return body.toString();
  }
}
