package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Logprob;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** OpenAI's completions of a text, whole or as server-sent events. */
final class CompletionForm extends OpenAiEvents {
  private final String id;
  private final String model;
  private final long created;
  private final boolean usageChunk;
  private final boolean logprobs;
  private final List<String> echoes;

  /**
   * @param echoes for each choice, what stands before its answer
   */
  CompletionForm(
      String id,
      String model,
      Instant created,
      boolean usageChunk,
      boolean logprobs,
      List<String> echoes) {
    this.id = id;
    this.model = model;
    this.created = created.getEpochSecond();
    this.usageChunk = usageChunk;
    this.logprobs = logprobs;
    this.echoes = List.copyOf(echoes);
  }

  private ObjectNode object() {
    return OpenAiJson.object()
        .put("id", "cmpl-" + id)
        .put("object", "text_completion")
        .put("created", created)
        .put("model", model);
  }

  private static ObjectNode choice(ArrayNode all, int index, String text, @Nullable String finish) {
    ObjectNode choice =
        all.addObject().put("index", index).put("text", text).put("finish_reason", finish);
    return choice.putNull("logprobs");
  }

  private String event(int index, String text, @Nullable String finish, List<Logprob> tokens) {
    ObjectNode body = object();
    ObjectNode choice = choice(body.putArray("choices"), index, text, finish);
    if (logprobs && !tokens.isEmpty()) {
      choice.set("logprobs", logprobs(tokens));
    }
    if (usageChunk) {
      body.putNull("usage");
    }
    return OpenAiJson.event(body);
  }

  private static ObjectNode logprobs(List<Logprob> tokens) {
    ObjectNode lists = OpenAiJson.object();
    ArrayNode texts = lists.putArray("tokens");
    ArrayNode values = lists.putArray("token_logprobs");
    ArrayNode tops = lists.putArray("top_logprobs");
    ArrayNode offsets = lists.putArray("text_offset");
    int offset = 0;
    for (Logprob token : tokens) {
      texts.add(token.token());
      values.add(token.logprob());
      ObjectNode top = tops.addObject();
      token.top().forEach(each -> top.put(each.token(), each.logprob()));
      offsets.add(offset);
      offset += token.token().length();
    }
    return lists;
  }

  @Override
  public String begin() {
    StringBuilder begin = new StringBuilder();
    for (int i = 0; i < echoes.size(); i++) {
      if (!echoes.get(i).isEmpty()) {
        begin.append(event(i, echoes.get(i), null, List.of()));
      }
    }
    return begin.toString();
  }

  @Override
  public String piece(int choice, Chunk chunk) {
    // A completion has no place for reasoning.
    return chunk instanceof Chunk.Text text
        ? event(choice, text.text(), null, text.logprobs())
        : "";
  }

  @Override
  public String end(int choice, TaskSummary summary) {
    return event(choice, "", OpenAiJson.finish(summary), List.of());
  }

  @Override
  public String complete(List<Gathered> choices) {
    if (!usageChunk) {
      return OpenAiJson.DONE;
    }
    ObjectNode last = object();
    last.putArray("choices");
    last.set("usage", OpenAiJson.usage(choices));
    return OpenAiJson.event(last) + OpenAiJson.DONE;
  }

  @Override
  public String whole(List<Gathered> choices) {
    ObjectNode body = object();
    ArrayNode all = body.putArray("choices");
    for (int i = 0; i < choices.size(); i++) {
      Gathered each = choices.get(i);
      ObjectNode choice =
          choice(all, i, echoes.get(i) + each.text(), OpenAiJson.finish(each.summary()));
      if (logprobs) {
        choice.set("logprobs", logprobs(each.logprobs()));
      }
    }
    body.set("usage", OpenAiJson.usage(choices));
    return body.toString();
  }
}
