package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Instant;
import java.util.Locale;

/** OpenAI's chat completions, whole or as server-sent events. */
final class OpenAiForm implements AnswerForm {
  private static final String DONE = "data: [DONE]\n\n";

  private final String id;
  private final String model;
  private final long created;
  private final boolean usageChunk;

  OpenAiForm(String id, String model, Instant created, boolean usageChunk) {
    this.id = id;
    this.model = model;
    this.created = created.getEpochSecond();
    this.usageChunk = usageChunk;
  }

  private ObjectNode object(String kind) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", "chatcmpl-" + id)
        .put("object", kind)
        .put("created", created)
        .put("model", model);
  }

  private static String event(ObjectNode data) {
    return "data: " + data + "\n\n";
  }

  private ObjectNode chunk() {
    ObjectNode chunk = object("chat.completion.chunk");
    chunk.putArray("choices");
    if (usageChunk) {
      chunk.putNull("usage");
    }
    return chunk;
  }

  private ObjectNode chunk(ObjectNode delta, @org.jspecify.annotations.Nullable String finish) {
    ObjectNode chunk = chunk();
    chunk
        .withArray("choices")
        .addObject()
        .put("index", 0)
        .put("finish_reason", finish)
        .putNull("logprobs")
        .set("delta", delta);
    return chunk;
  }

  private static ObjectNode delta() {
    return JsonNodeFactory.instance.objectNode();
  }

  @Override
  public String streamType() {
    return "text/event-stream";
  }

  @Override
  public String begin() {
    return event(chunk(delta().put("role", "assistant").put("content", ""), null));
  }

  @Override
  public String piece(Chunk chunk) {
    ObjectNode delta =
        chunk instanceof Chunk.Thinking thinking
            ? delta().put("reasoning_content", thinking.text())
            : delta().put("content", ((Chunk.Text) chunk).text());
    return event(chunk(delta, null));
  }

  @Override
  public String keepAlive() {
    return ": waiting\n\n";
  }

  @Override
  public String end(TaskSummary summary) {
    ObjectNode last = chunk(delta(), finish(summary));
    if (!usageChunk) {
      last.set("usage", usage(summary.usage()));
      return event(last) + DONE;
    }
    ObjectNode usage = chunk();
    usage.set("usage", usage(summary.usage()));
    return event(last) + event(usage) + DONE;
  }

  private static String finish(TaskSummary summary) {
    Outcome.FinishReason reason = summary.reason();
    return reason.name().toLowerCase(Locale.ROOT);
  }

  private static ObjectNode usage(Usage usage) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("prompt_tokens", usage.promptTokens())
        .put("completion_tokens", usage.outputTokens())
        .put("total_tokens", usage.promptTokens() + usage.outputTokens());
  }

  @Override
  public String error(ApiError error) {
    return event(error.openAi());
  }

  @Override
  public String errorBody(ApiError error) {
    return error.openAi().toString();
  }

  @Override
  public String whole(TaskSummary summary, String text, String thinking) {
    ObjectNode body = object("chat.completion");
    ObjectNode message = delta().put("role", "assistant").put("content", text);
    message.putNull("refusal");
    if (!thinking.isEmpty()) {
      message.put("reasoning_content", thinking);
    }
    ObjectNode choice = body.putArray("choices").addObject().put("index", 0);
    choice.set("message", message);
    choice.putNull("logprobs").put("finish_reason", finish(summary));
    body.set("usage", usage(summary.usage()));
    return body.toString();
  }
}
