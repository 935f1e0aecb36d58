package dev.waggle.worker.engine.ollama;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Tool;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import dev.waggle.worker.engine.EngineException;
import java.util.List;
import java.util.Optional;

/**
 * A call that the model has to make. Ollama's API knows no way to say so; but it can hold an answer
 * to a JSON Schema, and the only answer that this one allows is the name of a tool with its
 * arguments. The answer is read when it is whole.
 */
final class ForcedCall {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String NAME = "name";
  private static final String ARGUMENTS = "arguments";
  private static final String REFERENCE = "$ref";
  private static final String DEFINITIONS = "$defs";

  private final StringBuilder answer = new StringBuilder();

  private ForcedCall() {}

  /** Empty where the model may do as it likes. */
  static Optional<ForcedCall> of(ChatOptions options) {
    return isForced(options) ? Optional.of(new ForcedCall()) : Optional.empty();
  }

  static boolean isForced(ChatOptions options) {
    return !options.tools().isEmpty() && !options.toolChoice().equals(ChatOptions.AUTO);
  }

  /**
   * What the answer has to follow.
   *
   * @param tools those that may be called, at least one
   * @throws EngineException if a tool's parameters are no JSON
   */
  static ObjectNode schema(List<Tool> tools) throws EngineException {
    ObjectNode schema = JSON.createObjectNode();
    ObjectNode definitions = JSON.createObjectNode();
    ArrayNode each = JSON.createArrayNode();
    for (Tool tool : tools) {
      each.add(call(tool, definitions));
    }
    if (each.size() == 1) {
      schema.setAll((ObjectNode) each.get(0));
    } else {
      schema.set("anyOf", each);
    }
    if (!definitions.isEmpty()) {
      schema.set(DEFINITIONS, definitions);
    }
    return schema;
  }

  private static ObjectNode call(Tool tool, ObjectNode definitions) throws EngineException {
    JsonNode parameters = OllamaBody.json("a tool's parameters", tool.parameters());
    ObjectNode call = JSON.createObjectNode().put("type", "object");
    ObjectNode properties = call.putObject("properties");
    properties.putObject(NAME).put("const", tool.name());
    if (parameters.findValue(REFERENCE) == null) {
      properties.set(ARGUMENTS, parameters);
    } else {
      // What it refers to is found from its own root, which is to be somewhere else here.
      String root = "tool" + definitions.size();
      lead(parameters, "#/" + DEFINITIONS + "/" + root);
      definitions.set(root, parameters);
      properties.putObject(ARGUMENTS).put(REFERENCE, "#/" + DEFINITIONS + "/" + root);
    }
    call.putArray("required").add(NAME).add(ARGUMENTS);
    return call.put("additionalProperties", false);
  }

  private static void lead(JsonNode schema, String root) {
    String reference = schema.path(REFERENCE).asText();
    if (schema instanceof ObjectNode object && reference.startsWith("#")) {
      object.put(REFERENCE, root + reference.substring(1));
    }
    schema.forEach(each -> lead(each, root));
  }

  /**
   * Adds to the answer.
   *
   * @throws EngineException if it becomes longer than any call may be
   */
  void add(String text) throws EngineException {
    if (answer.length() + text.length() > OllamaGeneration.LINE_BYTES_MAX) {
      throw new EngineException(Outcome.Failure.LIMIT, "Ollama's call of a tool does not end");
    }
    answer.append(text);
  }

  /**
   * The call that the answer is.
   *
   * @throws EngineException if it is none
   */
  ToolCall call() throws EngineException {
    try {
      JsonNode call = JSON.readTree(answer.toString());
      if (call.path(NAME).isTextual() && call.path(ARGUMENTS).isObject()) {
        return new ToolCall(0, "", call.path(NAME).asText(), call.path(ARGUMENTS).toString());
      }
    } catch (JsonProcessingException e) {
      // Said below.
    }
    throw new EngineException(
        Outcome.Failure.ENGINE, "the model had to call a tool, and Ollama did not hold it to that");
  }
}
