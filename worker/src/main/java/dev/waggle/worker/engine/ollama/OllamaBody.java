package dev.waggle.worker.engine.ollama;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Continuation;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Tool;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import dev.waggle.worker.engine.EngineException;
import java.util.List;
import java.util.Locale;

/** Tasks as Ollama's API wants them. */
final class OllamaBody {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final int contextTokens;

  /**
   * @param contextTokens what the model is loaded with; 0 leaves that to Ollama
   */
  OllamaBody(int contextTokens) {
    this.contextTokens = contextTokens;
  }

  /** The body of {@code /api/chat}. */
  byte[] chat(TaskSpec.Chat chat) throws EngineException {
    ObjectNode body = JSON.createObjectNode().put("model", chat.model()).put("stream", true);
    ArrayNode messages = body.putArray("messages");
    for (ChatMessage message : chat.messages()) {
      add(messages.addObject(), message);
    }
    chat.begun().ifPresent(begun -> add(messages.addObject(), begun));
    ChatOptions options = chat.options();
    List<Tool> tools =
        options.tools().stream()
            .filter(tool -> !isNamed(options) || tool.name().equals(options.toolChoice()))
            .toList();
    if (!tools.isEmpty()) {
      ArrayNode offered = body.putArray("tools");
      for (Tool tool : tools) {
        ObjectNode function = offered.addObject().put("type", "function").putObject("function");
        function.put("name", tool.name()).put("description", tool.description());
        function.set("parameters", json("a tool's parameters", tool.parameters()));
      }
    }
    if (ForcedCall.isForced(options)) {
      body.set("format", ForcedCall.schema(tools));
    } else if (options.format().isPresent()) {
      String format = options.format().get();
      body.set(
          "format",
          format.equals(ChatOptions.ANY_JSON)
              ? JSON.getNodeFactory().textNode(format)
              : json("the answer's format", format));
    }
    options.think().ifPresent(think -> setThink(body, think));
    sampling(body, chat.sampling());
    return bytes(body);
  }

  private static boolean isNamed(ChatOptions options) {
    return options.tools().stream().anyMatch(tool -> tool.name().equals(options.toolChoice()));
  }

  private static void setThink(ObjectNode body, String think) {
    switch (think) {
      case "true" -> body.put("think", true);
      case "false" -> body.put("think", false);
      default -> body.put("think", think);
    }
  }

  private static void add(ObjectNode to, ChatMessage message) throws EngineException {
    to.put("role", message.role().name().toLowerCase(Locale.ROOT));
    to.put("content", message.content());
    if (!message.thinking().isEmpty()) {
      to.put("thinking", message.thinking());
    }
    if (!message.images().isEmpty()) {
      ArrayNode images = to.putArray("images");
      message.images().forEach(images::add);
    }
    if (!message.toolCalls().isEmpty()) {
      ArrayNode calls = to.putArray("tool_calls");
      for (ToolCall call : message.toolCalls()) {
        ObjectNode entry = calls.addObject();
        if (!call.id().isEmpty()) {
          entry.put("id", call.id());
        }
        entry
            .putObject("function")
            .put("name", call.name())
            .set("arguments", json("a call's arguments", call.arguments()));
      }
    }
    if (!message.tool().isEmpty()) {
      to.put("tool_name", message.tool());
    }
    if (!message.toolCallId().isEmpty()) {
      to.put("tool_call_id", message.toolCallId());
    }
  }

  /** Ollama goes on with an assistant's message that comes last. */
  private static void add(ObjectNode to, Continuation begun) {
    to.put("role", "assistant").put("content", begun.text());
    if (!begun.thinking().isEmpty()) {
      to.put("thinking", begun.thinking());
    }
  }

  static JsonNode json(String what, String text) throws EngineException {
    try {
      return text.isEmpty() ? JSON.createObjectNode() : JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new EngineException(Outcome.Failure.BAD_REQUEST, what + " are no JSON", e);
    }
  }

  /** The body of {@code /api/generate}. */
  byte[] completion(TaskSpec.Completion completion) {
    ObjectNode body =
        JSON.createObjectNode()
            .put("model", completion.model())
            .put("prompt", completion.prompt())
            .put("stream", true);
    completion.suffix().ifPresent(suffix -> body.put("suffix", suffix));
    if (completion.raw()) {
      body.put("raw", true);
    }
    sampling(body, completion.sampling());
    return bytes(body);
  }

  /** The body of {@code /api/embed} for some of the inputs. */
  static byte[] embedding(TaskSpec.Embedding embedding, List<String> inputs) {
    ObjectNode body = JSON.createObjectNode().put("model", embedding.model());
    ArrayNode input = body.putArray("input");
    inputs.forEach(input::add);
    body.put("truncate", embedding.truncate());
    embedding.dimensions().ifPresent(value -> body.put("dimensions", value));
    return bytes(body);
  }

  private void sampling(ObjectNode body, Sampling sampling) {
    ObjectNode options = body.putObject("options");
    if (contextTokens > 0) {
      options.put("num_ctx", contextTokens);
    }
    sampling.maxTokens().ifPresent(value -> options.put("num_predict", value));
    sampling.temperature().ifPresent(value -> options.put("temperature", value));
    sampling.topP().ifPresent(value -> options.put("top_p", value));
    sampling.topK().ifPresent(value -> options.put("top_k", value));
    sampling.minP().ifPresent(value -> options.put("min_p", value));
    sampling.penalties().presence().ifPresent(value -> options.put("presence_penalty", value));
    sampling.penalties().frequency().ifPresent(value -> options.put("frequency_penalty", value));
    sampling.penalties().repeat().ifPresent(value -> options.put("repeat_penalty", value));
    sampling.seed().ifPresent(value -> options.put("seed", value));
    if (!sampling.stop().isEmpty()) {
      ArrayNode stop = options.putArray("stop");
      sampling.stop().forEach(stop::add);
    }
    sampling.logprobs().ifPresent(top -> body.put("logprobs", true).put("top_logprobs", top));
  }

  private static byte[] bytes(ObjectNode body) {
    try {
      return JSON.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of JSON can be written", e);
    }
  }
}
