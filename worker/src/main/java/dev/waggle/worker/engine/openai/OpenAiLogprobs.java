package dev.waggle.worker.engine.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.mesh.swarm.exchange.Logprob;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads how likely tokens were, in either of the two forms that OpenAI's API has for that. */
final class OpenAiLogprobs {
  private OpenAiLogprobs() {}

  /** The {@code logprobs} of a choice; empty where there are none. */
  static List<Logprob> of(JsonNode logprobs) {
    return logprobs.path("tokens").isArray()
        ? ofCompletion(logprobs)
        : ofTokens(logprobs.path("content"));
  }

  private static List<Logprob> ofTokens(JsonNode tokens) {
    List<Logprob> logprobs = new ArrayList<>();
    for (JsonNode token : tokens) {
      String text = token.path("token").asText();
      List<Integer> bytes = new ArrayList<>();
      token.path("bytes").forEach(each -> bytes.add(each.asInt() & 0xff));
      logprobs.add(
          new Logprob(
              text,
              bytes.isEmpty() ? utf8(text) : bytes,
              token.path("logprob").asDouble(),
              ofTokens(token.path("top_logprobs"))));
    }
    return logprobs;
  }

  /** The form of completions: a list of tokens, and beside it a list for each other thing. */
  private static List<Logprob> ofCompletion(JsonNode columns) {
    List<Logprob> logprobs = new ArrayList<>();
    for (JsonNode token : columns.path("tokens")) {
      int row = logprobs.size();
      List<Logprob> top = new ArrayList<>();
      for (var other : columns.path("top_logprobs").path(row).properties()) {
        top.add(logprob(other.getKey(), other.getValue(), List.of()));
      }
      logprobs.add(logprob(token.asText(), columns.path("token_logprobs").path(row), top));
    }
    return logprobs;
  }

  private static Logprob logprob(String token, JsonNode value, List<Logprob> top) {
    return new Logprob(token, utf8(token), value.asDouble(), top);
  }

  private static List<Integer> utf8(String text) {
    List<Integer> bytes = new ArrayList<>();
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(Byte.toUnsignedInt(each));
    }
    return bytes;
  }
}
