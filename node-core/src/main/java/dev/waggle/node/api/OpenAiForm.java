package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** OpenAI's chat completions, whole or as server-sent events. */
final class OpenAiForm extends OpenAiEvents {
  private final String id;
  private final String model;
  private final long created;
  private final boolean usageChunk;
  private final boolean logprobs;
  private final Set<Integer> begun = new HashSet<>();

  OpenAiForm(String id, String model, Instant created, boolean usageChunk, boolean logprobs) {
    this.id = id;
    this.model = model;
    this.created = created.getEpochSecond();
    this.usageChunk = usageChunk;
    this.logprobs = logprobs;
  }

  private ObjectNode object(String kind) {
    return OpenAiJson.object()
        .put("id", "chatcmpl-" + id)
        .put("object", kind)
        .put("created", created)
        .put("model", model);
  }

  private ObjectNode chunk() {
    ObjectNode chunk = object("chat.completion.chunk");
    chunk.putArray("choices");
    if (usageChunk) {
      chunk.putNull("usage");
    }
    return chunk;
  }

  private ObjectNode chunk(int choice, ObjectNode delta, @Nullable String finish) {
    ObjectNode chunk = chunk();
    chunk
        .withArray("choices")
        .addObject()
        .put("index", choice)
        .put("finish_reason", finish)
        .putNull("logprobs")
        .set("delta", delta);
    return chunk;
  }

  private static ObjectNode delta() {
    return OpenAiJson.object();
  }

  @Override
  public String begin() {
    return opening(0);
  }

  private String opening(int choice) {
    return begun.add(choice)
        ? OpenAiJson.event(chunk(choice, delta().put("role", "assistant").put("content", ""), null))
        : "";
  }

  @Override
  public String piece(int choice, Chunk chunk) {
    ObjectNode delta = delta();
    if (chunk instanceof Chunk.Thinking thinking) {
      delta.put("reasoning_content", thinking.text());
    } else if (chunk instanceof Chunk.Call call) {
      delta.putArray("tool_calls").add(call(call.part()));
    } else if (chunk instanceof Chunk.Text text) {
      delta.put("content", text.text());
    }
    ObjectNode event = chunk(choice, delta, null);
    if (logprobs && chunk instanceof Chunk.Text text) {
      ((ObjectNode) event.withArray("choices").get(0))
          .putObject("logprobs")
          .putNull("refusal")
          .set("content", OpenAiJson.logprobs(text.logprobs()));
    }
    return opening(choice) + OpenAiJson.event(event);
  }

  private ObjectNode call(ToolCall part) {
    ObjectNode call = OpenAiJson.object().put("index", part.index());
    ObjectNode function = OpenAiJson.object();
    if (!part.name().isEmpty()) {
      call.put("id", callId(part)).put("type", "function");
      function.put("name", part.name());
    }
    call.set("function", function.put("arguments", part.arguments()));
    return call;
  }

  /** Clients answer a call by its id, so each has one. */
  private String callId(ToolCall call) {
    return call.id().isEmpty() ? "call_" + id.substring(16) + "_" + call.index() : call.id();
  }

  @Override
  public String end(int choice, TaskSummary summary) {
    return opening(choice) + OpenAiJson.event(chunk(choice, delta(), OpenAiJson.finish(summary)));
  }

  @Override
  public String complete(List<Gathered> choices) {
    if (!usageChunk) {
      return OpenAiJson.DONE;
    }
    ObjectNode last = chunk();
    last.set("usage", OpenAiJson.usage(choices));
    return OpenAiJson.event(last) + OpenAiJson.DONE;
  }

  @Override
  public String whole(List<Gathered> choices) {
    ObjectNode body = object("chat.completion");
    ArrayNode all = body.putArray("choices");
    for (int i = 0; i < choices.size(); i++) {
      Gathered each = choices.get(i);
      ObjectNode message = delta().put("role", "assistant");
      boolean silent = each.text().isEmpty() && !each.calls().isEmpty();
      message.put("content", silent ? null : each.text()).putNull("refusal");
      if (!each.thinking().isEmpty()) {
        message.put("reasoning_content", each.thinking());
      }
      if (!each.calls().isEmpty()) {
        ArrayNode calls = message.putArray("tool_calls");
        for (ToolCall call : each.calls()) {
          ObjectNode entry = call(call);
          entry.remove("index");
          calls.add(entry);
        }
      }
      ObjectNode choice = all.addObject().put("index", i);
      choice.set("message", message);
      if (logprobs) {
        choice
            .putObject("logprobs")
            .putNull("refusal")
            .set("content", OpenAiJson.logprobs(each.logprobs()));
      } else {
        choice.putNull("logprobs");
      }
      choice.put("finish_reason", OpenAiJson.finish(each.summary()));
    }
    body.set("usage", OpenAiJson.usage(choices));
    return body.toString();
  }
}
