package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Logprob;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Tool;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Reads requests in OpenAI's dialect. */
final class OpenAiRequests {
  private static final double TEMPERATURE_MAX = 2;
  private static final double PROBABILITY_MIN = 1e-6;
  private static final double PENALTY_MAX = 2;

  private final JsonFields fields;
  private final Wishes wishes;
  private final String id;
  private final Instant now;

  /**
   * @param id of the answer
   */
  OpenAiRequests(JsonFields fields, Wishes wishes, String id, Instant now) {
    this.fields = fields;
    this.wishes = wishes;
    this.id = id;
    this.now = now;
  }

  static String model(JsonFields fields) {
    String model = fields.text("model");
    if (model.isEmpty() || model.length() > Requirements.MODEL_CHARACTERS_MAX) {
      throw JsonFields.wrong(
          "model", "has to have 1 to " + Requirements.MODEL_CHARACTERS_MAX + " characters");
    }
    return model;
  }

  /** The body of {@code /v1/chat/completions}. */
  ModelCall chat() {
    String model = model(fields);
    List<ChatMessage> messages = new ArrayList<>();
    int index = 0;
    for (JsonNode each : fields.array("messages")) {
      messages.add(message(each, "messages[" + index++ + "]"));
    }
    if (messages.isEmpty()) {
      throw JsonFields.wrong("messages", "has to have at least one message");
    }
    fields.refuse("functions", "send tools instead, which replaced functions");
    fields.refuse("audio", "the swarm's models answer in text");
    OptionalInt most = fields.integer("max_completion_tokens", 1);
    OptionalInt logprobs = OptionalInt.empty();
    if (fields.flag("logprobs", false)) {
      logprobs = OptionalInt.of(fields.integer("top_logprobs", 0, Logprob.TOP_MAX).orElse(0));
    }
    Sampling sampling =
        sampling(most.isPresent() ? most : fields.integer("max_tokens", 1), logprobs);
    List<Tool> tools = tools();
    TaskSpec.Chat chat =
        new TaskSpec.Chat(
            model,
            wishes.labels(),
            messages,
            sampling,
            new ChatOptions(
                tools,
                toolChoice(fields.node("tool_choice"), tools),
                format(fields.object("response_format")),
                think()),
            Optional.empty());
    boolean usage = fields.object("stream_options").flag("include_usage", false);
    return new ModelCall(
        choices(chat, sampling),
        wishes.terms(),
        fields.flag("stream", false),
        new OpenAiForm(id, model, now, usage, logprobs.isPresent()));
  }

  private List<TaskSpec> choices(TaskSpec.Chat chat, Sampling sampling) {
    List<TaskSpec> choices = new ArrayList<>();
    for (int i = 0; i < count(); i++) {
      Sampling own = other(sampling, i);
      choices.add(
          new TaskSpec.Chat(
              chat.model(), chat.labels(), chat.messages(), own, chat.options(), chat.begun()));
    }
    return choices;
  }

  private int count() {
    return fields.integer("n", 1, ModelCall.CHOICES_MAX).orElse(1);
  }

  /** With the same seed every choice would be the same. */
  private static Sampling other(Sampling sampling, int choice) {
    OptionalLong seed = sampling.seed();
    return choice > 0 && seed.isPresent() ? sampling.withSeed(seed.getAsLong() + choice) : sampling;
  }

  private Sampling sampling(OptionalInt most, OptionalInt logprobs) {
    return new Sampling(
        most,
        fields.decimal("temperature", 0, TEMPERATURE_MAX),
        fields.decimal("top_p", PROBABILITY_MIN, 1),
        fields.integer("top_k", 0),
        fields.decimal("min_p", 0, 1),
        new Sampling.Penalties(
            fields.decimal("presence_penalty", -PENALTY_MAX, PENALTY_MAX),
            fields.decimal("frequency_penalty", -PENALTY_MAX, PENALTY_MAX),
            OptionalDouble.empty()),
        fields.number("seed"),
        fields.texts("stop", Sampling.STOPS_MAX),
        logprobs);
  }

  private static ChatMessage message(JsonNode message, String where) {
    JsonFields fields = new JsonFields(message, where);
    ContentParts content = ContentParts.of(message.path("content"), where + ".content");
    List<ToolCall> calls = new ArrayList<>();
    for (JsonNode each : fields.optionalArray("tool_calls")) {
      String place = where + ".tool_calls[" + calls.size() + "]";
      JsonFields call = new JsonFields(each, place);
      JsonFields function = call.object("function");
      calls.add(
          new ToolCall(
              calls.size(),
              call.text("id", ""),
              function.text("name"),
              function.text("arguments", "{}")));
    }
    return ContentParts.message(
        where,
        role(fields.text("role"), where),
        content,
        fields.text("reasoning_content", ""),
        calls,
        fields.text("name", ""),
        fields.text("tool_call_id", ""));
  }

  static ChatMessage.Role role(String name, String where) {
    String known = name.equals("developer") ? "system" : name;
    try {
      return ChatMessage.Role.valueOf(known.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong(where + ".role", "has to be system, user, assistant or tool");
    }
  }

  private List<Tool> tools() {
    if (fields.node("tool_choice").isTextual() && fields.text("tool_choice", "").equals("none")) {
      return List.of();
    }
    List<Tool> tools = new ArrayList<>();
    for (JsonNode each : fields.optionalArray("tools")) {
      String where = "tools[" + tools.size() + "]";
      JsonFields tool = new JsonFields(each, where);
      if (!tool.text("type", "function").equals("function")) {
        throw JsonFields.wrong(where + ".type", "has to be function");
      }
      tools.add(tool(tool.object("function")));
    }
    if (tools.size() > ChatOptions.TOOLS_MAX) {
      throw JsonFields.wrong("tools", "has to have at most " + ChatOptions.TOOLS_MAX + " tools");
    }
    return tools;
  }

  /** A function as OpenAI describes it. */
  static Tool tool(JsonFields function) {
    String name = function.text("name");
    if (name.isEmpty() || name.length() > Tool.NAME_CHARACTERS_MAX) {
      throw JsonFields.wrong(
          "a tool's name", "has to have 1 to " + Tool.NAME_CHARACTERS_MAX + " characters");
    }
    JsonNode parameters = function.node("parameters");
    return new Tool(
        name,
        function.text("description", ""),
        parameters.isObject() ? parameters.toString() : "{\"type\":\"object\",\"properties\":{}}");
  }

  /**
   * What a request says of the tools that it offers; {@code none} is another thing.
   *
   * @param choice a word, or an object that names a function
   */
  static String toolChoice(JsonNode choice, List<Tool> tools) {
    String named = choice.path("function").path("name").asText(choice.path("name").asText(""));
    if (!named.isEmpty()) {
      if (tools.stream().noneMatch(each -> each.name().equals(named))) {
        throw JsonFields.wrong("tool_choice", "names no tool of the request: " + named);
      }
      return named;
    }
    return switch (choice.asText(ChatOptions.AUTO)) {
      case ChatOptions.REQUIRED -> {
        if (tools.isEmpty()) {
          throw JsonFields.wrong("tool_choice", "is required, and the request has no tools");
        }
        yield ChatOptions.REQUIRED;
      }
      case "", ChatOptions.AUTO, "none" -> ChatOptions.AUTO;
      default ->
          throw JsonFields.wrong(
              "tool_choice", "has to be none, auto or required, or to name a function");
    };
  }

  /** {@code response_format}, or the same under {@code text.format}. */
  static Optional<String> format(JsonFields format) {
    return switch (format.text("type", "text")) {
      case "text" -> Optional.empty();
      case "json_object" -> Optional.of(ChatOptions.ANY_JSON);
      case "json_schema" -> {
        JsonNode inner = format.node("json_schema").path("schema");
        JsonNode schema = inner.isMissingNode() ? format.node("schema") : inner;
        if (!schema.isObject()) {
          throw JsonFields.wrong("the schema of the response format", "is missing");
        }
        yield Optional.of(schema.toString());
      }
      default ->
          throw JsonFields.wrong(
              "response_format.type", "has to be text, json_object or json_schema");
    };
  }

  private Optional<String> think() {
    return think(fields.text("reasoning_effort", ""));
  }

  /** OpenAI's efforts as engines take them. */
  static Optional<String> think(String effort) {
    return switch (effort) {
      case "" -> Optional.empty();
      case "none", "minimal" -> Optional.of("false");
      case "low", "medium", "high" -> Optional.of(effort);
      case "xhigh" -> Optional.of("high");
      default -> throw JsonFields.wrong("the reasoning effort", "has to be none to high");
    };
  }

  /** The body of {@code /v1/completions}. */
  ModelCall completion() {
    String model = model(fields);
    List<String> prompts = fields.texts("prompt", ModelCall.CHOICES_MAX);
    String suffix = fields.text("suffix", "");
    boolean echo = fields.flag("echo", false);
    OptionalInt best = fields.integer("best_of", 1);
    if (best.isPresent() && best.getAsInt() > count()) {
      throw JsonFields.wrong("best_of", "is not supported: send n, and choose");
    }
    OptionalInt logprobs = fields.integer("logprobs", 0, Logprob.TOP_MAX);
    Sampling sampling = sampling(fields.integer("max_tokens", 1), logprobs);
    List<String> each = prompts.isEmpty() ? List.of("") : prompts;
    if (each.size() * count() > ModelCall.CHOICES_MAX) {
      throw JsonFields.wrong(
          "prompt", "and n ask for more than " + ModelCall.CHOICES_MAX + " choices");
    }
    List<TaskSpec> tasks = new ArrayList<>();
    List<String> echoes = new ArrayList<>();
    for (String prompt : each) {
      for (int i = 0; i < count(); i++) {
        tasks.add(
            new TaskSpec.Completion(
                model,
                wishes.labels(),
                prompt,
                suffix.isEmpty() ? Optional.empty() : Optional.of(suffix),
                // A suffix is put in its place by the model's template.
                suffix.isEmpty(),
                other(sampling, i)));
        echoes.add(echo ? prompt : "");
      }
    }
    boolean usage = fields.object("stream_options").flag("include_usage", false);
    return new ModelCall(
        tasks,
        wishes.terms(),
        fields.flag("stream", false),
        new CompletionForm(id, model, now, usage, logprobs.isPresent(), echoes));
  }

  /** The body of {@code /v1/embeddings}. */
  ModelCall embedding() {
    String model = model(fields);
    JsonNode input = fields.node("input");
    if (input.isArray() && !input.isEmpty() && !input.get(0).isTextual()) {
      throw JsonFields.wrong("input", "has to be text: this node does not take tokens");
    }
    List<String> inputs = fields.texts("input", TaskSpec.Embedding.INPUTS_MAX);
    if (inputs.isEmpty()) {
      throw JsonFields.wrong("input", "has to have at least one text");
    }
    String encoding = fields.text("encoding_format", "float");
    if (!encoding.equals("float") && !encoding.equals("base64")) {
      throw JsonFields.wrong("encoding_format", "has to be float or base64");
    }
    TaskSpec.Embedding task =
        new TaskSpec.Embedding(
            model, wishes.labels(), inputs, fields.integer("dimensions", 1), /* truncate= */ false);
    return new ModelCall(
        List.of(task),
        wishes.terms(),
        /* stream= */ false,
        new EmbeddingForm(model, encoding.equals("base64")));
  }
}
