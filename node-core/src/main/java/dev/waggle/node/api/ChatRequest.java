package dev.waggle.node.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What a client asked for, in whichever dialect.
 *
 * @param messages empty when an Ollama client only wants the model to be loaded
 * @param labels where it may run
 * @param stream whether the answer is wanted piece by piece
 * @param usageChunk whether OpenAI's extra chunk with the usage is wanted
 */
record ChatRequest(
    String model,
    List<ChatMessage> messages,
    Sampling sampling,
    Set<Label> labels,
    boolean stream,
    boolean usageChunk) {
  /** The header that adds labels to a request. */
  static final String LABELS_HEADER = "x-waggle-labels";

  private static final double TEMPERATURE_MAX = 2;
  private static final double PROBABILITY_MIN = 1e-6;

  /** Reads the body of {@code /v1/chat/completions}. */
  static ChatRequest openAi(JsonNode body) {
    JsonFields fields = new JsonFields(body);
    String model = model(fields);
    List<ChatMessage> messages = new ArrayList<>();
    int index = 0;
    for (JsonNode each : fields.array("messages")) {
      messages.add(openAiMessage(each, "messages[" + index++ + "]"));
    }
    if (messages.isEmpty()) {
      throw JsonFields.wrong("messages", "has to have at least one message");
    }
    fields.refuse("tools", "tools come with a later version");
    fields.refuse("functions", "functions come with a later version");
    fields.refuse("logprobs", "this node does not know them");
    OptionalInt choices = fields.integer("n", 1);
    if (choices.isPresent() && choices.getAsInt() != 1) {
      throw JsonFields.wrong("n", "has to be 1");
    }
    String format = fields.object("response_format").text("type", "text");
    if (!format.equals("text")) {
      throw JsonFields.wrong("response_format", "is not supported: only type \"text\" is");
    }
    OptionalInt most = fields.integer("max_completion_tokens", 1);
    Sampling sampling =
        new Sampling(
            most.isPresent() ? most : fields.integer("max_tokens", 1),
            fields.decimal("temperature", 0, TEMPERATURE_MAX),
            fields.decimal("top_p", PROBABILITY_MIN, 1),
            fields.number("seed"),
            fields.texts("stop", Sampling.STOPS_MAX));
    boolean stream = fields.flag("stream", false);
    boolean usage = fields.object("stream_options").flag("include_usage", false);
    return new ChatRequest(model, messages, sampling, labels(fields), stream, usage);
  }

  private static ChatMessage openAiMessage(JsonNode message, String where) {
    JsonFields fields = new JsonFields(message, where);
    String role = fields.text("role");
    JsonNode content = message.path("content");
    String text;
    if (content.isArray()) {
      text = parts(content, where + ".content");
    } else if (content.isMissingNode() || content.isNull()) {
      text = "";
    } else {
      text = fields.text("content");
    }
    return new ChatMessage(role(role.equals("developer") ? "system" : role, where), text);
  }

  private static String parts(JsonNode content, String where) {
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      JsonFields fields = new JsonFields(part, where);
      if (!fields.text("type").equals("text")) {
        throw JsonFields.wrong(where, "has a part that is no text, which is not supported");
      }
      text.append(fields.text("text"));
    }
    return text.toString();
  }

  private static ChatMessage.Role role(String name, String where) {
    try {
      return ChatMessage.Role.valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong(where + ".role", "has to be system, user, assistant or tool");
    }
  }

  private static String model(JsonFields fields) {
    String model = fields.text("model");
    if (model.isEmpty() || model.length() > Requirements.MODEL_CHARACTERS_MAX) {
      throw JsonFields.wrong(
          "model", "has to have 1 to " + Requirements.MODEL_CHARACTERS_MAX + " characters");
    }
    return model;
  }

  /** Reads the body of {@code /api/chat}. */
  static ChatRequest ollamaChat(JsonNode body) {
    JsonFields fields = new JsonFields(body);
    String model = model(fields);
    List<ChatMessage> messages = new ArrayList<>();
    if (body.hasNonNull("messages")) {
      int index = 0;
      for (JsonNode each : fields.array("messages")) {
        String where = "messages[" + index++ + "]";
        JsonFields message = new JsonFields(each, where);
        message.refuse("images", "this node reads text only");
        messages.add(
            new ChatMessage(role(message.text("role"), where), message.text("content", "")));
      }
    }
    fields.refuse("tools", "tools come with a later version");
    return ollama(fields, model, messages);
  }

  /** Reads the body of {@code /api/generate}. */
  static ChatRequest ollamaGenerate(JsonNode body) {
    JsonFields fields = new JsonFields(body);
    String model = model(fields);
    fields.refuse("images", "this node reads text only");
    fields.refuse("suffix", "filling in the middle comes with a later version");
    fields.refuse("raw", "prompts always go through the model's template");
    fields.refuse("template", "prompts always go through the model's own template");
    String prompt = fields.text("prompt", "");
    String system = fields.text("system", "");
    List<ChatMessage> messages = new ArrayList<>();
    if (!prompt.isEmpty()) {
      if (!system.isEmpty()) {
        messages.add(new ChatMessage(ChatMessage.Role.SYSTEM, system));
      }
      messages.add(new ChatMessage(ChatMessage.Role.USER, prompt));
    }
    return ollama(fields, model, messages);
  }

  private static ChatRequest ollama(JsonFields fields, String model, List<ChatMessage> messages) {
    fields.refuse("format", "structured answers come with a later version");
    JsonFields options = fields.object("options");
    OptionalInt most = options.integer("num_predict", -2);
    Sampling sampling =
        new Sampling(
            // Below one means: as many as it takes.
            most.isPresent() && most.getAsInt() > 0 ? most : OptionalInt.empty(),
            options.decimal("temperature", 0, TEMPERATURE_MAX),
            options.decimal("top_p", PROBABILITY_MIN, 1),
            options.number("seed"),
            options.texts("stop", Sampling.STOPS_MAX));
    return new ChatRequest(
        model, messages, sampling, labels(fields), fields.flag("stream", true), false);
  }

  /** Waggle's own field in bodies of either dialect. */
  private static Set<Label> labels(JsonFields fields) {
    return labels("waggle.labels", fields.object("waggle").texts("labels", Label.OF_REQUEST_MAX));
  }

  private static Set<Label> labels(String where, Collection<String> texts) {
    try {
      return Label.all(texts, Label.OF_REQUEST_MAX);
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong(where, "is wrong: " + e.getMessage());
    }
  }

  /**
   * What is to be done.
   *
   * @param everywhere labels that all requests of this node carry
   * @param header what {@value #LABELS_HEADER} says, with commas between labels
   */
  TaskSpec task(Set<Label> everywhere, String header) {
    List<String> all = new ArrayList<>(Label.texts(everywhere));
    all.addAll(Label.texts(labels));
    Arrays.stream(header.split(",", -1))
        .map(String::strip)
        .filter(each -> !each.isEmpty())
        .forEach(all::add);
    return new TaskSpec.Chat(model, labels(LABELS_HEADER, all), messages, sampling);
  }
}
