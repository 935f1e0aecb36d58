package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Clock;
import java.time.Instant;
import java.util.Locale;

/** Ollama's answers to {@code /api/chat} and {@code /api/generate}: lines of JSON. */
final class OllamaForm implements AnswerForm {
  private final String model;
  private final boolean chat;
  private final Clock clock;
  private final Instant begun;

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
    return line.put("done", false);
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
  public String piece(Chunk chunk) {
    return (chunk instanceof Chunk.Thinking thinking
            ? line("", thinking.text())
            : line(((Chunk.Text) chunk).text(), ""))
        + "\n";
  }

  @Override
  public String keepAlive() {
    return line("", "") + "\n";
  }

  private String done(TaskSummary summary, String text, String thinking) {
    Usage usage = summary.usage();
    return line(text, thinking)
        .put("done", true)
        .put("done_reason", summary.reason().name().toLowerCase(Locale.ROOT))
        .put("total_duration", java.time.Duration.between(begun, clock.instant()).toNanos())
        .put("load_duration", usage.load().toNanos())
        .put("prompt_eval_count", usage.promptTokens())
        .put("prompt_eval_duration", usage.prefill().toNanos())
        .put("eval_count", usage.outputTokens())
        .put("eval_duration", usage.decode().toNanos())
        .toString();
  }

  /** The answer to a request that only wants the model to be loaded. */
  String loaded() {
    return line("", "").put("done", true).put("done_reason", "load").toString();
  }

  @Override
  public String end(TaskSummary summary) {
    return done(summary, "", "") + "\n";
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
  public String whole(TaskSummary summary, String text, String thinking) {
    return done(summary, text, thinking);
  }
}
