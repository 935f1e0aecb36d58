package dev.waggle.node.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Progress;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** Ollama's answers to {@code /api/chat} and {@code /api/generate}: lines of JSON. */
final class OllamaForm implements AnswerForm {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String model;
  private final boolean chat;
  private final Clock clock;
  private final Instant begun;
  // Ollama's clients take calls whole; engines may say them in parts.
  private final Gathered calls = new Gathered();

  /**
   * @param chat whether the text stands in a message, or, as for generate, by itself
   */
  OllamaForm(String model, boolean chat, Clock clock) {
    this.model = model;
    this.chat = chat;
    this.clock = clock;
    this.begun = clock.instant();
  }

  private ObjectNode line(String text, String thinking) {
    return line(text, thinking, List.of());
  }

  private ObjectNode line(String text, String thinking, List<ToolCall> called) {
    ObjectNode line =
        JsonNodeFactory.instance
            .objectNode()
            .put("model", model)
            .put("created_at", clock.instant().toString());
    ObjectNode holder = line;
    if (chat) {
      holder = line.putObject("message").put("role", "assistant");
    }
    holder.put(chat ? "content" : "response", text);
    if (!thinking.isEmpty()) {
      holder.put("thinking", thinking);
    }
    if (!called.isEmpty()) {
      ArrayNode all = holder.putArray("tool_calls");
      called.forEach(each -> add(all.addObject(), each));
    }
    return line.put("done", false);
  }

  private static void add(ObjectNode to, ToolCall call) {
    if (!call.id().isEmpty()) {
      to.put("id", call.id());
    }
    ObjectNode function =
        to.putObject("function").put("index", call.index()).put("name", call.name());
    try {
      function.set(
          "arguments",
          call.arguments().isEmpty() ? JSON.createObjectNode() : JSON.readTree(call.arguments()));
    } catch (JsonProcessingException e) {
      // What a model writes may be wrong; the client shall see it.
      function.put("arguments", call.arguments());
    }
  }

  @Override
  public String streamType() {
    return "application/x-ndjson";
  }

  @Override
  public String begin() {
    return "";
  }

  @Override
  public String piece(int choice, Chunk chunk) {
    if (chunk instanceof Chunk.Thinking thinking) {
      return line("", thinking.text()) + "\n";
    }
    if (chunk instanceof Chunk.Text text) {
      ObjectNode line = line(text.text(), "");
      if (!text.logprobs().isEmpty()) {
        line.set("logprobs", OpenAiJson.logprobs(text.logprobs()));
      }
      return line + "\n";
    }
    calls.add(chunk);
    return "";
  }

  @Override
  public String keepAlive(Progress progress) {
    return line("", "") + "\n";
  }

  private ObjectNode done(TaskSummary summary, ObjectNode line) {
    Usage usage = summary.usage();
    // Ollama has no word for calls: they are just there.
    Outcome.FinishReason reason =
        summary.reason() == Outcome.FinishReason.TOOL_CALLS
            ? Outcome.FinishReason.STOP
            : summary.reason();
    return line.put("done", true)
        .put("done_reason", reason.name().toLowerCase(Locale.ROOT))
        .put("total_duration", Duration.between(begun, clock.instant()).toNanos())
        .put("load_duration", usage.load().toNanos())
        .put("prompt_eval_count", usage.promptTokens())
        .put("prompt_eval_duration", usage.prefill().toNanos())
        .put("eval_count", usage.outputTokens())
        .put("eval_duration", usage.decode().toNanos());
  }

  /** The answer to a request that only wants the model to be loaded. */
  String loaded() {
    return line("", "").put("done", true).put("done_reason", "load").toString();
  }

  @Override
  public String end(int choice, TaskSummary summary) {
    String called = calls.calls().isEmpty() ? "" : line("", "", calls.calls()) + "\n";
    return called + done(summary, line("", "")) + "\n";
  }

  @Override
  public String complete(List<Gathered> choices) {
    return "";
  }

  @Override
  public String error(ApiError error) {
    return error.ollama() + "\n";
  }

  @Override
  public String errorBody(ApiError error) {
    return error.ollama().toString();
  }

  @Override
  public String whole(List<Gathered> choices) {
    Gathered only = choices.get(0);
    ObjectNode line = line(only.text(), only.thinking(), only.calls());
    if (!only.logprobs().isEmpty()) {
      line.set("logprobs", OpenAiJson.logprobs(only.logprobs()));
    }
    return done(only.summary(), line).toString();
  }
}
