package dev.waggle.worker.engine.ollama;

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
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One answer of Ollama. A streamed one is lines of JSON, and counts only when a line says {@code
 * done}; an error line, a cut or a pause that is too long is a failure.
 */
final class OllamaGeneration implements Generation {
  /** The longest line of an answer, in bytes. */
  static final int LINE_BYTES_MAX = 4 << 20;

  // Vectors of a few thousand numbers each fit one line.
  private static final int INPUTS_AT_ONCE = 16;
  private static final int ERROR_BYTES_MAX = 8 << 10;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI address;
  private final TaskSpec task;
  private final OllamaBody form;
  private final HttpCall call;
  private int toolCalls;

  /**
   * @param address where Ollama is
   * @param form how tasks are written for this model
   */
  OllamaGeneration(URI address, TaskSpec task, OllamaBody form, HttpCall call) {
    this.address = address;
    this.task = task;
    this.form = form;
    this.call = call;
  }

  @Override
  public End run(Output output) throws EngineException, IOException, InterruptedException {
    try (SilenceWatch watch = call.watch()) {
      if (task instanceof TaskSpec.Chat chat) {
        LineReader lines = send("/api/chat", form.chat(chat));
        return stream(lines, ForcedCall.of(chat.options()), output, watch);
      }
      if (task instanceof TaskSpec.Completion completion) {
        LineReader lines = send("/api/generate", form.completion(completion));
        return stream(lines, Optional.empty(), output, watch);
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
    HttpResponse<InputStream> response =
        call.post(HttpRequest.newBuilder(URI.create(address + path)), body);
    if (response.statusCode() != 200) {
      throw refused(response);
    }
    return new LineReader(response.body(), LINE_BYTES_MAX);
  }

  private JsonNode next(LineReader lines, SilenceWatch watch)
      throws EngineException, InterruptedException {
    byte[] line;
    try {
      line = lines.next();
    } catch (IOException e) {
      throw call.broken(e);
    }
    watch.onHeard();
    if (line == null) {
      throw call.broken(new IOException("it ended before the answer did"));
    }
    try {
      JsonNode part = JSON.readTree(line);
      if (part.has("error")) {
        throw new EngineException(
            Outcome.Failure.ENGINE, "Ollama failed: " + part.path("error").asText());
      }
      return part;
    } catch (IOException e) {
      throw new EngineException(Outcome.Failure.ENGINE, "Ollama sent a line that is no JSON", e);
    }
  }

  private End stream(
      LineReader lines, Optional<ForcedCall> forced, Output output, SilenceWatch watch)
      throws EngineException, IOException, InterruptedException {
    while (true) {
      JsonNode part = next(lines, watch);
      JsonNode message = part.path("message");
      String thinking = message.path("thinking").asText(part.path("thinking").asText(""));
      if (!thinking.isEmpty()) {
        output.chunk(new Chunk.Thinking(thinking));
      }
      String text = message.path("content").asText(part.path("response").asText(""));
      if (forced.isPresent()) {
        forced.get().add(text);
      } else if (!text.isEmpty() || part.path("logprobs").size() > 0) {
        output.chunk(new Chunk.Text(text, logprobs(part.path("logprobs"))));
      }
      for (JsonNode each : message.path("tool_calls")) {
        output.chunk(new Chunk.Call(toolCall(each)));
      }
      watch.onPassedOn();
      if (part.path("done").asBoolean()) {
        // Some models' calls are recognized by Ollama itself.
        if (forced.isPresent() && toolCalls == 0 && !isCut(part)) {
          output.chunk(new Chunk.Call(forced.get().call()));
          toolCalls++;
        }
        return end(part);
      }
    }
  }

  private ToolCall toolCall(JsonNode call) throws EngineException {
    if (toolCalls == ToolCall.CALLS_MAX) {
      throw new EngineException(
          Outcome.Failure.LIMIT, "Ollama calls more than " + ToolCall.CALLS_MAX + " tools");
    }
    int index = toolCalls++;
    JsonNode function = call.path("function");
    JsonNode arguments = function.path("arguments");
    return new ToolCall(
        index,
        call.path("id").asText(""),
        function.path("name").asText(),
        arguments.isTextual() ? arguments.asText() : arguments.toString());
  }

  private static List<Logprob> logprobs(JsonNode tokens) {
    List<Logprob> logprobs = new ArrayList<>();
    for (JsonNode token : tokens) {
      logprobs.add(logprob(token, logprobs(token.path("top_logprobs"))));
    }
    return logprobs;
  }

  private static Logprob logprob(JsonNode token, List<Logprob> top) {
    List<Integer> bytes = new ArrayList<>();
    token.path("bytes").forEach(each -> bytes.add(each.asInt() & 0xff));
    return new Logprob(token.path("token").asText(), bytes, token.path("logprob").asDouble(), top);
  }

  private End embed(TaskSpec.Embedding embedding, Output output, SilenceWatch watch)
      throws EngineException, IOException, InterruptedException {
    List<String> inputs = embedding.inputs();
    int tokens = 0;
    Duration load = Duration.ZERO;
    Duration total = Duration.ZERO;
    for (int from = 0; from < inputs.size(); from += INPUTS_AT_ONCE) {
      List<String> some = inputs.subList(from, Math.min(inputs.size(), from + INPUTS_AT_ONCE));
      JsonNode answer = next(send("/api/embed", OllamaBody.embedding(embedding, some)), watch);
      if (answer.path("embeddings").size() != some.size()) {
        throw new EngineException(
            Outcome.Failure.ENGINE, "Ollama answered with another number of vectors than of texts");
      }
      int index = from;
      for (JsonNode vector : answer.path("embeddings")) {
        List<Float> values = new ArrayList<>(vector.size());
        vector.forEach(value -> values.add((float) value.asDouble()));
        output.chunk(new Chunk.Vector(index++, values));
      }
      watch.onPassedOn();
      tokens += Math.max(0, answer.path("prompt_eval_count").asInt());
      load = load.plus(nanos(answer, "load_duration"));
      total = total.plus(nanos(answer, "total_duration"));
      call.close();
    }
    Duration work = total.minus(load);
    return new End(
        Outcome.FinishReason.STOP,
        new Usage(tokens, 0, load, work.isNegative() ? Duration.ZERO : work, Duration.ZERO));
  }

  private static EngineException refused(HttpResponse<InputStream> response) {
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

  private static boolean isCut(JsonNode last) {
    return last.path("done_reason").asText().equals("length");
  }

  private End end(JsonNode last) {
    Outcome.FinishReason reason;
    if (toolCalls > 0) {
      reason = Outcome.FinishReason.TOOL_CALLS;
    } else if (isCut(last)) {
      reason = Outcome.FinishReason.LENGTH;
    } else {
      reason = Outcome.FinishReason.STOP;
    }
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
}
