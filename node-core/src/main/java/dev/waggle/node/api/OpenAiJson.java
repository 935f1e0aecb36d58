package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.TaskSummary;
import dev.waggle.mesh.swarm.exchange.Logprob;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.util.List;
import java.util.Locale;

/** What OpenAI's answers have in common. */
final class OpenAiJson {
  static final String DONE = "data: [DONE]\n\n";

  private OpenAiJson() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  static String event(ObjectNode data) {
    return "data: " + data + "\n\n";
  }

  static String finish(TaskSummary summary) {
    return summary.reason().name().toLowerCase(Locale.ROOT);
  }

  /** The sum over all choices; the prompt counts once. */
  static ObjectNode usage(List<Gathered> choices) {
    int prompt = 0;
    int output = 0;
    for (Gathered each : choices) {
      Usage usage = each.summary().usage();
      prompt = Math.max(prompt, usage.promptTokens());
      output += usage.outputTokens();
    }
    return object()
        .put("prompt_tokens", prompt)
        .put("completion_tokens", output)
        .put("total_tokens", prompt + output);
  }

  /** As chat completions have them. */
  static ArrayNode logprobs(List<Logprob> tokens) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    for (Logprob token : tokens) {
      ObjectNode entry = logprob(token);
      ArrayNode top = entry.putArray("top_logprobs");
      token.top().forEach(each -> top.add(logprob(each)));
      all.add(entry);
    }
    return all;
  }

  private static ObjectNode logprob(Logprob token) {
    ObjectNode entry = object().put("token", token.token()).put("logprob", token.logprob());
    ArrayNode bytes = entry.putArray("bytes");
    token.bytes().forEach(bytes::add);
    return entry;
  }
}
