package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Tool;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Reads the body of OpenAI's {@code /v1/responses}. A node keeps no conversations: each request
 * brings its own, as Codex does.
 */
final class ResponsesRequest {
  private static final double TEMPERATURE_MAX = 2;
  private static final double PROBABILITY_MIN = 1e-6;

  private final JsonFields fields;
  private final Wishes wishes;
  private final List<ChatMessage> messages = new ArrayList<>();
  // Calls that follow each other are one turn of the assistant.
  private final List<ToolCall> calls = new ArrayList<>();
  private String said = "";
  private String thought = "";

  ResponsesRequest(JsonFields fields, Wishes wishes) {
    this.fields = fields;
    this.wishes = wishes;
  }

  /**
   * Reads it.
   *
   * @param id of the answer
   */
  ModelCall read(String id, Clock clock) {
    String model = OpenAiRequests.model(fields);
    fields.refuse(
        "previous_response_id", "this node keeps no conversations (send all of it as input)");
    fields.refuse("conversation", "this node keeps no conversations (send all of it as input)");
    fields.refuse("background", "this node answers at once");
    fields.refuse("prompt", "this node keeps no prompts");
    String instructions = fields.text("instructions", "");
    if (!instructions.isEmpty()) {
      messages.add(new ChatMessage(ChatMessage.Role.SYSTEM, instructions));
    }
    input(fields.node("input"));
    if (messages.isEmpty()) {
      throw JsonFields.wrong("input", "has to be a text or have at least one item");
    }
    String effort = fields.object("reasoning").text("effort", "");
    List<Tool> tools = tools();
    TaskSpec task =
        new TaskSpec.Chat(
            model,
            wishes.labels(),
            messages,
            new Sampling(
                fields.integer("max_output_tokens", 1),
                fields.decimal("temperature", 0, TEMPERATURE_MAX),
                fields.decimal("top_p", PROBABILITY_MIN, 1),
                OptionalLong.empty(),
                List.of()),
            new ChatOptions(
                tools,
                OpenAiRequests.toolChoice(fields.node("tool_choice"), tools),
                OpenAiRequests.format(fields.object("text").object("format")),
                OpenAiRequests.think(effort)),
            Optional.empty());
    return new ModelCall(
        List.of(task),
        wishes.terms(),
        fields.flag("stream", false),
        new ResponsesForm(id, model, clock.instant(), instructions));
  }

  private void input(JsonNode input) {
    if (input.isTextual()) {
      messages.add(new ChatMessage(ChatMessage.Role.USER, input.asText()));
      return;
    }
    int index = 0;
    for (JsonNode each : fields.optionalArray("input")) {
      item(each, "input[" + index++ + "]");
    }
    endTurn();
  }

  private void item(JsonNode node, String where) {
    JsonFields item = new JsonFields(node, where);
    switch (item.text("type", "message")) {
      case "message" -> message(item, node, where);
      case "function_call", "custom_tool_call" -> {
        String arguments = item.text("arguments", item.text("input", "{}"));
        calls.add(
            new ToolCall(
                calls.size() % ToolCall.CALLS_MAX,
                item.text("call_id"),
                item.text("name"),
                arguments));
      }
      case "function_call_output", "custom_tool_call_output" -> {
        endTurn();
        ContentParts output = ContentParts.of(node.path("output"), where + ".output");
        messages.add(
            ContentParts.message(
                where,
                ChatMessage.Role.TOOL,
                output,
                "",
                List.of(),
                nameOf(item.text("call_id")),
                item.text("call_id")));
      }
      case "reasoning" -> {
        StringBuilder text = new StringBuilder();
        node.path("content").forEach(part -> text.append(part.path("text").asText()));
        thought += text;
      }
      default -> throw JsonFields.wrong(where + ".type", "is not one that this node knows");
    }
  }

  private void message(JsonFields item, JsonNode node, String where) {
    ContentParts content = ContentParts.of(node.path("content"), where + ".content");
    ChatMessage.Role role = OpenAiRequests.role(item.text("role"), where);
    if (role == ChatMessage.Role.ASSISTANT) {
      said += content.text();
      return;
    }
    endTurn();
    messages.add(ContentParts.message(where, role, content, "", List.of(), "", ""));
  }

  /** What the assistant said and called since the last turn of another is one message. */
  private void endTurn() {
    if (!said.isEmpty() || !calls.isEmpty()) {
      messages.add(
          ContentParts.message(
              "input",
              ChatMessage.Role.ASSISTANT,
              new ContentParts(said, List.of()),
              thought,
              calls,
              "",
              ""));
    }
    said = "";
    thought = "";
    calls.clear();
  }

  private String nameOf(String callId) {
    return messages.stream()
        .flatMap(each -> each.toolCalls().stream())
        .filter(call -> call.id().equals(callId))
        .map(ToolCall::name)
        .findFirst()
        .orElse("");
  }

  /** Functions only: what OpenAI's own servers do, as web search, no model here is offered. */
  private List<Tool> tools() {
    List<Tool> tools = new ArrayList<>();
    if (fields.node("tool_choice").asText("").equals("none")) {
      return tools;
    }
    int index = 0;
    for (JsonNode each : fields.optionalArray("tools")) {
      JsonFields tool = new JsonFields(each, "tools[" + index++ + "]");
      if (tool.text("type").equals("function") && tools.size() < ChatOptions.TOOLS_MAX) {
        tools.add(OpenAiRequests.tool(tool));
      }
    }
    return tools;
  }
}
