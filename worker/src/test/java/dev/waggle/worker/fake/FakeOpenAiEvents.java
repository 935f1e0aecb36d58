package dev.waggle.worker.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** The events of one streamed answer, as OpenAI's API has them. */
final class FakeOpenAiEvents {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String model;
  private final boolean chat;
  private int characters;

  FakeOpenAiEvents(String model, boolean chat) {
    this.model = model;
    this.chat = chat;
  }

  /** A request in the words that {@link FakeModel} understands. */
  static JsonNode script(JsonNode request) {
    ObjectNode script = JSON.createObjectNode();
    for (String field : List.of("prompt", "suffix")) {
      if (request.has(field)) {
        script.set(field, request.path(field));
      }
    }
    ArrayNode messages = script.putArray("messages");
    request.path("messages").forEach(message -> messages.add(message(message)));
    JsonNode choice = request.path("tool_choice");
    ArrayNode tools = script.putArray("tools");
    for (JsonNode tool : request.path("tools")) {
      String name = tool.path("function").path("name").asText();
      boolean chosen =
          !choice.isObject() || choice.path("function").path("name").asText().equals(name);
      if (chosen && !choice.asText().equals("none")) {
        tools.add(tool);
      }
    }
    if (request.path("response_format").path("type").asText().startsWith("json")) {
      script.set("format", request.path("response_format"));
    }
    script.putObject("options").set("stop", request.path("stop"));
    return script;
  }

  private static JsonNode message(JsonNode message) {
    ObjectNode plain = JSON.createObjectNode().put("role", message.path("role").asText());
    StringBuilder text = new StringBuilder(message.path("content").asText(""));
    ArrayNode images = plain.putArray("images");
    for (JsonNode part : message.path("content")) {
      text.append(part.path("text").asText(""));
      if (part.has("image_url")) {
        images.add(part.path("image_url").path("url"));
      }
    }
    return plain.put("content", text.toString());
  }

  private ObjectNode event() {
    return JSON.createObjectNode()
        .put("id", chat ? "chatcmpl-1" : "cmpl-1")
        .put("object", chat ? "chat.completion.chunk" : "text_completion")
        .put("created", 1_761_990_000L)
        .put("model", model);
  }

  private static ObjectNode choice(ObjectNode event) {
    return event.putArray("choices").addObject().put("index", 0).putNull("finish_reason");
  }

  /** The first event of a chat says only who speaks. */
  ObjectNode role() {
    ObjectNode event = event();
    choice(event).putObject("delta").put("role", "assistant").putNull("content");
    return event;
  }

  ObjectNode thinking(String text) {
    ObjectNode event = event();
    choice(event).putObject("delta").put("reasoning_content", text);
    return event;
  }

  /** A piece of the answer, with how likely it was if that was asked. */
  ObjectNode text(String piece, JsonNode request) {
    ObjectNode event = event();
    ObjectNode choice = choice(event);
    if (chat) {
      choice.putObject("delta").put("content", piece);
      if (request.path("logprobs").asBoolean()) {
        int top = request.path("top_logprobs").asInt();
        choice.putObject("logprobs").putArray("content").add(FakeModel.logprob(piece, top));
      }
    } else {
      choice.put("text", piece);
      if (request.has("logprobs")) {
        columns(choice.putObject("logprobs"), piece, request.path("logprobs").asInt());
      }
    }
    characters += piece.length();
    return event;
  }

  /** Completions are older than chats, and list tokens and numbers apart. */
  private void columns(ObjectNode logprobs, String piece, int top) {
    JsonNode said = FakeModel.logprob(piece, top);
    logprobs.putArray("tokens").add(piece);
    logprobs.putArray("token_logprobs").add(said.path("logprob").asDouble());
    ObjectNode others = logprobs.putArray("top_logprobs").addObject();
    for (JsonNode other : said.path("top_logprobs")) {
      others.put(other.path("token").asText(), other.path("logprob").asDouble());
    }
    logprobs.putArray("text_offset").add(characters);
  }

  /** Calls come in parts: first the name, then the arguments in two halves. */
  List<ObjectNode> calls(List<ObjectNode> calls) {
    List<ObjectNode> events = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      JsonNode function = calls.get(i).path("function");
      String arguments = function.path("arguments").toString();
      ObjectNode first = call(events, i);
      first.put("id", "call_" + i).put("type", "function");
      first.putObject("function").put("name", function.path("name").asText()).put("arguments", "");
      int half = arguments.length() / 2;
      call(events, i).putObject("function").put("arguments", arguments.substring(0, half));
      call(events, i).putObject("function").put("arguments", arguments.substring(half));
    }
    return events;
  }

  private ObjectNode call(List<ObjectNode> events, int index) {
    ObjectNode event = event();
    events.add(event);
    return choice(event).putObject("delta").putArray("tool_calls").addObject().put("index", index);
  }

  ObjectNode finish(String reason) {
    ObjectNode event = event();
    ObjectNode choice = choice(event).put("finish_reason", reason);
    if (chat) {
      choice.putObject("delta");
    } else {
      choice.put("text", "");
    }
    return event;
  }

  /** The last event has no choice. */
  ObjectNode usage(int prompt, int output) {
    ObjectNode event = event();
    event.putArray("choices");
    event
        .putObject("usage")
        .put("prompt_tokens", prompt)
        .put("completion_tokens", output)
        .put("total_tokens", prompt + output);
    return event;
  }
}
