package dev.waggle.worker.engine.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Tool;
import dev.waggle.worker.engine.EngineException;

/** Tasks as OpenAI's API wants them. */
final class OpenAiBody {
  private static final ObjectMapper JSON = new ObjectMapper();

  private OpenAiBody() {}

  static byte[] chat(TaskSpec.Chat chat) throws EngineException {
    if (chat.begun().isPresent()) {
      throw new EngineException(
          Outcome.Failure.BAD_REQUEST, "this server does not go on with another's answer");
    }
    ObjectNode body = begin(chat.model());
    chat.messages().forEach(new OpenAiMessages(body.putArray("messages"))::add);
    ChatOptions options = chat.options();
    if (!options.tools().isEmpty()) {
      ArrayNode tools = body.putArray("tools");
      for (Tool tool : options.tools()) {
        ObjectNode function = tools.addObject().put("type", "function").putObject("function");
        function.put("name", tool.name()).put("description", tool.description());
        function.set("parameters", json(tool.parameters()));
      }
      choose(body, options);
    }
    if (options.format().isPresent()) {
      String format = options.format().get();
      ObjectNode response = body.putObject("response_format");
      if (format.equals(ChatOptions.ANY_JSON)) {
        response.put("type", "json_object");
      } else {
        ObjectNode schema = response.put("type", "json_schema").putObject("json_schema");
        schema.put("name", "answer").put("strict", true).set("schema", json(format));
      }
    }
    options
        .think()
        .filter(think -> !think.equals("true"))
        .ifPresent(think -> body.put("reasoning_effort", think.equals("false") ? "none" : think));
    sampling(body, chat.sampling());
    if (chat.sampling().logprobs().isPresent()) {
      body.put("logprobs", true).put("top_logprobs", chat.sampling().logprobs().getAsInt());
    }
    return bytes(body);
  }

  private static void choose(ObjectNode body, ChatOptions options) {
    String choice = options.toolChoice();
    if (options.tools().stream().anyMatch(tool -> tool.name().equals(choice))) {
      body.putObject("tool_choice")
          .put("type", "function")
          .putObject("function")
          .put("name", choice);
    } else {
      body.put("tool_choice", choice);
    }
  }

  private static ObjectNode begin(String model) {
    ObjectNode body = JSON.createObjectNode().put("model", model).put("stream", true);
    body.putObject("stream_options").put("include_usage", true);
    return body;
  }

  static byte[] completion(TaskSpec.Completion completion) {
    ObjectNode body = begin(completion.model()).put("prompt", completion.prompt());
    completion.suffix().ifPresent(suffix -> body.put("suffix", suffix));
    sampling(body, completion.sampling());
    completion.sampling().logprobs().ifPresent(top -> body.put("logprobs", top));
    return bytes(body);
  }

  static byte[] embedding(TaskSpec.Embedding embedding) {
    ObjectNode body =
        JSON.createObjectNode().put("model", embedding.model()).put("encoding_format", "float");
    ArrayNode input = body.putArray("input");
    embedding.inputs().forEach(input::add);
    embedding.dimensions().ifPresent(value -> body.put("dimensions", value));
    return bytes(body);
  }

  private static void sampling(ObjectNode body, Sampling sampling) {
    sampling.maxTokens().ifPresent(value -> body.put("max_tokens", value));
    sampling.temperature().ifPresent(value -> body.put("temperature", value));
    sampling.topP().ifPresent(value -> body.put("top_p", value));
    sampling.topK().ifPresent(value -> body.put("top_k", value));
    sampling.minP().ifPresent(value -> body.put("min_p", value));
    sampling.penalties().presence().ifPresent(value -> body.put("presence_penalty", value));
    sampling.penalties().frequency().ifPresent(value -> body.put("frequency_penalty", value));
    sampling.penalties().repeat().ifPresent(value -> body.put("repeat_penalty", value));
    sampling.seed().ifPresent(value -> body.put("seed", value));
    if (!sampling.stop().isEmpty()) {
      ArrayNode stop = body.putArray("stop");
      sampling.stop().forEach(stop::add);
    }
  }

  private static JsonNode json(String text) throws EngineException {
    try {
      return text.isEmpty() ? JSON.createObjectNode() : JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new EngineException(Outcome.Failure.BAD_REQUEST, "a JSON Schema is no JSON", e);
    }
  }

  private static byte[] bytes(ObjectNode body) {
    try {
      return JSON.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of JSON can be written", e);
    }
  }
}
