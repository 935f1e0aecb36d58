package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI's responses, whole or as server-sent events. An answer is a list of items, reasoning, a
 * message, calls of functions; the stream opens each, tells it piece by piece, and closes it before
 * the next.
 */
final class ResponsesForm extends OpenAiEvents {
  private final String id;
  private final String model;
  private final long created;
  private final String instructions;
  private final List<ObjectNode> items = new ArrayList<>();
  private int sequence;
  private @Nullable Open open;

  private enum Kind {
    REASONING,
    MESSAGE,
    CALL
  }

  /** The item that is being told. */
  private static final class Open {
    final Kind kind;
    final int index;
    final ToolCall call;
    final StringBuilder text = new StringBuilder();

    Open(Kind kind, int index, ToolCall call) {
      this.kind = kind;
      this.index = index;
      this.call = call;
    }
  }

  private static final ToolCall NO_CALL = new ToolCall(0, "", "", "");

  ResponsesForm(String id, String model, Instant created, String instructions) {
    this.id = id;
    this.model = model;
    this.created = created.getEpochSecond();
    this.instructions = instructions;
  }

  private ObjectNode response(String status) {
    ObjectNode response =
        OpenAiJson.object()
            .put("id", "resp_" + id)
            .put("object", "response")
            .put("created_at", created)
            .put("status", status)
            .putNull("error")
            .putNull("incomplete_details")
            .put("instructions", instructions.isEmpty() ? null : instructions)
            .putNull("max_output_tokens")
            .put("model", model);
    ArrayNode output = response.putArray("output");
    items.forEach(output::add);
    response.put("parallel_tool_calls", true).putNull("previous_response_id");
    response.put("tool_choice", "auto").put("truncation", "disabled");
    response.putObject("text").putObject("format").put("type", "text");
    response.putObject("reasoning").putNull("effort").putNull("summary");
    response.putArray("tools");
    // What has no value yet and may not be null, "usage" and "user", is left out.
    response.putNull("temperature").putNull("top_p");
    response.putObject("metadata");
    return response;
  }

  private String event(String type, ObjectNode fields) {
    ObjectNode body = OpenAiJson.object().put("type", type).put("sequence_number", sequence++);
    body.setAll(fields);
    return "event: " + type + "\n" + OpenAiJson.event(body);
  }

  private String event(String type, Open item, ObjectNode fields) {
    ObjectNode body =
        OpenAiJson.object().put("item_id", itemId(item)).put("output_index", item.index);
    body.setAll(fields);
    return event(type, body);
  }

  private static ObjectNode fields() {
    return OpenAiJson.object();
  }

  private String itemId(Open item) {
    String prefix =
        switch (item.kind) {
          case REASONING -> "rs_";
          case MESSAGE -> "msg_";
          case CALL -> "fc_";
        };
    return prefix + id + "_" + item.index;
  }

  @Override
  public String begin() {
    return state("response.created", "in_progress") + state("response.in_progress", "in_progress");
  }

  private String state(String type, String status) {
    ObjectNode body = fields();
    body.set("response", response(status));
    return event(type, body);
  }

  @Override
  public String piece(int choice, Chunk chunk) {
    if (chunk instanceof Chunk.Thinking thinking) {
      return switchTo(Kind.REASONING, NO_CALL)
          + delta("response.reasoning_text.delta", thinking.text());
    }
    if (chunk instanceof Chunk.Text text) {
      return switchTo(Kind.MESSAGE, NO_CALL) + delta("response.output_text.delta", text.text());
    }
    if (chunk instanceof Chunk.Call call) {
      return switchTo(Kind.CALL, call.part())
          + delta("response.function_call_arguments.delta", call.part().arguments());
    }
    return "";
  }

  private String delta(String type, String text) {
    Open item = current();
    item.text.append(text);
    ObjectNode fields = fields();
    if (item.kind != Kind.CALL) {
      fields.put("content_index", 0);
    }
    fields.put("delta", text);
    if (item.kind == Kind.MESSAGE) {
      fields.putArray("logprobs");
    }
    return event(type, item, fields);
  }

  private Open current() {
    if (open == null) {
      throw new AssertionError("no item is open");
    }
    return open;
  }

  private String switchTo(Kind kind, ToolCall call) {
    if (open != null && open.kind == kind && open.call.index() == call.index()) {
      return "";
    }
    String closing = close();
    Open item = new Open(kind, items.size(), call);
    open = item;
    ObjectNode added = fields().put("output_index", item.index);
    added.set("item", item(item, "in_progress"));
    String opening = event("response.output_item.added", added);
    if (kind == Kind.MESSAGE) {
      opening += event("response.content_part.added", item, part(item, ""));
    }
    return closing + opening;
  }

  private static ObjectNode part(Open item, String text) {
    ObjectNode fields = fields().put("content_index", 0);
    fields.set("part", content(item.kind, text));
    return fields;
  }

  private static ObjectNode content(Kind kind, String text) {
    ObjectNode part = OpenAiJson.object();
    if (kind == Kind.REASONING) {
      return part.put("type", "reasoning_text").put("text", text);
    }
    part.put("type", "output_text").put("text", text);
    part.putArray("annotations");
    part.putArray("logprobs");
    return part;
  }

  private ObjectNode item(Open item, String status) {
    ObjectNode body = OpenAiJson.object().put("id", itemId(item));
    boolean complete = status.equals("completed");
    switch (item.kind) {
      case REASONING -> {
        body.put("type", "reasoning").putArray("summary");
        ArrayNode content = body.putArray("content");
        if (complete) {
          content.add(content(item.kind, item.text.toString()));
        }
        body.put("status", status);
      }
      case MESSAGE -> {
        body.put("type", "message").put("status", status).put("role", "assistant");
        ArrayNode content = body.putArray("content");
        if (complete) {
          content.add(content(item.kind, item.text.toString()));
        }
      }
      case CALL ->
          body.put("type", "function_call")
              .put("status", status)
              .put("call_id", callId(item.call))
              .put("name", item.call.name())
              .put("arguments", item.text.toString());
    }
    return body;
  }

  private String callId(ToolCall call) {
    return call.id().isEmpty() ? "call_" + id + "_" + call.index() : call.id();
  }

  private String close() {
    Open item = open;
    if (item == null) {
      return "";
    }
    open = null;
    String text = item.text.toString();
    StringBuilder closing = new StringBuilder();
    switch (item.kind) {
      case REASONING ->
          closing.append(
              event(
                  "response.reasoning_text.done",
                  item,
                  fields().put("content_index", 0).put("text", text)));
      case MESSAGE -> {
        ObjectNode done = fields().put("content_index", 0).put("text", text);
        done.putArray("logprobs");
        closing.append(event("response.output_text.done", item, done));
        closing.append(event("response.content_part.done", item, part(item, text)));
      }
      case CALL ->
          closing.append(
              event(
                  "response.function_call_arguments.done",
                  item,
                  fields().put("name", item.call.name()).put("arguments", text)));
    }
    ObjectNode whole = item(item, "completed");
    items.add(whole);
    ObjectNode done = fields().put("output_index", item.index);
    done.set("item", whole);
    return closing.append(event("response.output_item.done", done)).toString();
  }

  @Override
  public String end(int choice, TaskSummary summary) {
    return close();
  }

  @Override
  public String complete(List<Gathered> choices) {
    TaskSummary summary = choices.get(0).summary();
    ObjectNode body = fields();
    body.set("response", completed(summary));
    boolean cut = summary.reason() == Outcome.FinishReason.LENGTH;
    return event(cut ? "response.incomplete" : "response.completed", body);
  }

  private ObjectNode completed(TaskSummary summary) {
    boolean cut = summary.reason() == Outcome.FinishReason.LENGTH;
    ObjectNode response = response(cut ? "incomplete" : "completed");
    if (cut) {
      response.putObject("incomplete_details").put("reason", "max_output_tokens");
    }
    int prompt = summary.usage().promptTokens();
    int output = summary.usage().outputTokens();
    ObjectNode usage = response.putObject("usage").put("input_tokens", prompt);
    usage.putObject("input_tokens_details").put("cached_tokens", 0);
    usage.put("output_tokens", output);
    usage.putObject("output_tokens_details").put("reasoning_tokens", 0);
    usage.put("total_tokens", prompt + output);
    return response;
  }

  @Override
  public String error(ApiError error) {
    ObjectNode response = response("failed");
    response
        .putObject("error")
        // Of the codes that there are for that, these two say whose fault it is.
        .put("code", error.status() < 500 ? "invalid_prompt" : "server_error")
        .put("message", error.message());
    ObjectNode body = fields();
    body.set("response", response);
    return event("response.failed", body);
  }

  @Override
  public String whole(List<Gathered> choices) {
    Gathered only = choices.get(0);
    if (!only.thinking().isEmpty()) {
      add(Kind.REASONING, only.thinking(), NO_CALL);
    }
    if (!only.text().isEmpty() || only.calls().isEmpty()) {
      add(Kind.MESSAGE, only.text(), NO_CALL);
    }
    only.calls().forEach(call -> add(Kind.CALL, call.arguments(), call));
    return completed(only.summary()).toString();
  }

  private void add(Kind kind, String text, ToolCall call) {
    Open item = new Open(kind, items.size(), call);
    item.text.append(text);
    items.add(item(item, "completed"));
  }
}
