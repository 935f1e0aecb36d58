package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Logprob;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Tool;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads requests in Ollama's dialect. What concerns the engine alone, {@code keep_alive} and {@code
 * num_ctx}, is its owner's to say and not a guest's: it is left out.
 */
final class OllamaRequests {
  private static final double TEMPERATURE_MAX = 2;
  private static final double PROBABILITY_MIN = 1e-6;
  private static final double PENALTY_MAX = 2;
  private static final double REPEAT_MAX = 10;

  private final JsonFields fields;
  private final Wishes wishes;
  private final Clock clock;
  private final String model;

  OllamaRequests(JsonFields fields, Wishes wishes, Clock clock) {
    this.fields = fields;
    this.wishes = wishes;
    this.clock = clock;
    this.model = OpenAiRequests.model(fields);
  }

  /** The model that a request about models means. */
  static String name(JsonFields fields) {
    // Older clients say name.
    String model = fields.text("model", fields.text("name", ""));
    if (model.isEmpty()) {
      throw JsonFields.wrong("model", "is missing");
    }
    return model;
  }

  String model() {
    return model;
  }

  /** The body of {@code /api/chat}; empty when the model is only to be loaded. */
  Optional<ModelCall> chat() {
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode each : fields.optionalArray("messages")) {
      messages.add(message(each, "messages[" + messages.size() + "]"));
    }
    List<Tool> tools = tools();
    if (messages.isEmpty()) {
      checkRest();
      return Optional.empty();
    }
    return Optional.of(chat(messages, /* inMessage= */ true, tools));
  }

  /** What is wrong is told even where nothing is to be answered. */
  private void checkRest() {
    sampling();
    format();
    think();
    fields.flag("stream", true);
  }

  private ModelCall chat(List<ChatMessage> messages, boolean inMessage, List<Tool> tools) {
    Sampling sampling = sampling();
    TaskSpec task =
        new TaskSpec.Chat(
            model,
            wishes.labels(),
            messages,
            sampling,
            new ChatOptions(tools, ChatOptions.AUTO, format(), think()),
            Optional.empty());
    return call(task, inMessage);
  }

  private ModelCall call(TaskSpec task, boolean inMessage) {
    return new ModelCall(
        List.of(task),
        wishes.terms(),
        fields.flag("stream", true),
        new OllamaForm(model, inMessage, clock));
  }

  private static ChatMessage message(JsonNode each, String where) {
    JsonFields message = new JsonFields(each, where);
    List<ToolCall> calls = new ArrayList<>();
    for (JsonNode call : message.optionalArray("tool_calls")) {
      String place = where + ".tool_calls[" + calls.size() + "]";
      JsonFields function = new JsonFields(call, place).object("function");
      JsonNode arguments = function.node("arguments");
      calls.add(
          new ToolCall(
              calls.size(),
              new JsonFields(call, place).text("id", ""),
              function.text("name"),
              arguments.isObject() ? arguments.toString() : "{}"));
    }
    return ContentParts.message(
        where,
        OpenAiRequests.role(message.text("role"), where),
        new ContentParts(message.text("content", ""), images(message, where)),
        message.text("thinking", ""),
        calls,
        message.text("tool_name", ""),
        message.text("tool_call_id", ""));
  }

  private static List<String> images(JsonFields of, String where) {
    List<String> images = new ArrayList<>();
    for (JsonNode image : of.optionalArray("images")) {
      images.add(ContentParts.base64(image.asText(), where + ".images"));
    }
    return images;
  }

  private List<Tool> tools() {
    List<Tool> tools = new ArrayList<>();
    for (JsonNode each : fields.optionalArray("tools")) {
      tools.add(
          OpenAiRequests.tool(
              new JsonFields(each, "tools[" + tools.size() + "]").object("function")));
    }
    return tools;
  }

  /** The body of {@code /api/generate}; empty when the model is only to be loaded. */
  Optional<ModelCall> generate() {
    fields.refuse("template", "prompts go through the model's own template, or, with raw, none");
    fields.refuse("context", "send the conversation to /api/chat instead");
    String prompt = fields.text("prompt", "");
    String suffix = fields.text("suffix", "");
    boolean raw = fields.flag("raw", false);
    if (prompt.isEmpty() && suffix.isEmpty()) {
      checkRest();
      return Optional.empty();
    }
    if (raw || !suffix.isEmpty()) {
      return Optional.of(
          call(
              new TaskSpec.Completion(
                  model,
                  wishes.labels(),
                  prompt,
                  suffix.isEmpty() ? Optional.empty() : Optional.of(suffix),
                  raw,
                  sampling()),
              /* inMessage= */ false));
    }
    List<ChatMessage> messages = new ArrayList<>();
    String system = fields.text("system", "");
    if (!system.isEmpty()) {
      messages.add(new ChatMessage(ChatMessage.Role.SYSTEM, system));
    }
    messages.add(
        ContentParts.message(
            "the request",
            ChatMessage.Role.USER,
            new ContentParts(prompt, images(fields, "the request")),
            "",
            List.of(),
            "",
            ""));
    return Optional.of(chat(messages, /* inMessage= */ false, List.of()));
  }

  /** The body of {@code /api/embed}, or, with one prompt, of the older {@code /api/embeddings}. */
  ModelCall embed(boolean older) {
    List<String> inputs =
        older
            ? List.of(fields.text("prompt"))
            : fields.texts("input", TaskSpec.Embedding.INPUTS_MAX);
    if (inputs.isEmpty()) {
      throw JsonFields.wrong("input", "has to have at least one text");
    }
    TaskSpec task =
        new TaskSpec.Embedding(
            model,
            wishes.labels(),
            inputs,
            fields.integer("dimensions", 1),
            fields.flag("truncate", true));
    return new ModelCall(
        List.of(task),
        wishes.terms(),
        /* stream= */ false,
        new OllamaEmbeddingForm(model, older, clock));
  }

  private Optional<String> format() {
    JsonNode format = fields.node("format");
    if (format.isObject()) {
      return Optional.of(format.toString());
    }
    String word = format.isTextual() ? format.asText() : "";
    if (word.isEmpty()) {
      return Optional.empty();
    }
    if (!word.equals("json")) {
      throw JsonFields.wrong("format", "has to be \"json\" or a JSON Schema");
    }
    return Optional.of(ChatOptions.ANY_JSON);
  }

  private Optional<String> think() {
    JsonNode think = fields.node("think");
    if (think.isBoolean()) {
      return Optional.of(String.valueOf(think.booleanValue()));
    }
    if (think.isTextual() && List.of("low", "medium", "high").contains(think.asText())) {
      return Optional.of(think.asText());
    }
    if (!think.isMissingNode() && !think.isNull()) {
      throw JsonFields.wrong("think", "has to be true, false, low, medium or high");
    }
    return Optional.empty();
  }

  private Sampling sampling() {
    JsonFields options = fields.object("options");
    OptionalInt most = options.integer("num_predict", -2);
    OptionalInt logprobs = OptionalInt.empty();
    if (fields.flag("logprobs", false)) {
      logprobs = OptionalInt.of(fields.integer("top_logprobs", 0, Logprob.TOP_MAX).orElse(0));
    }
    return new Sampling(
        // Below one means: as many as it takes.
        most.isPresent() && most.getAsInt() > 0 ? most : OptionalInt.empty(),
        options.decimal("temperature", 0, TEMPERATURE_MAX),
        options.decimal("top_p", PROBABILITY_MIN, 1),
        options.integer("top_k", 0),
        options.decimal("min_p", 0, 1),
        new Sampling.Penalties(
            options.decimal("presence_penalty", -PENALTY_MAX, PENALTY_MAX),
            options.decimal("frequency_penalty", -PENALTY_MAX, PENALTY_MAX),
            options.decimal("repeat_penalty", 0, REPEAT_MAX)),
        options.number("seed"),
        options.texts("stop", Sampling.STOPS_MAX),
        logprobs);
  }
}
