package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Ollama's answers to {@code /api/embed} and the older {@code /api/embeddings}. */
final class OllamaEmbeddingForm extends WholeForm {
  private final String model;
  private final boolean older;
  private final Clock clock;
  private final Instant begun;

  OllamaEmbeddingForm(String model, boolean older, Clock clock) {
    this.model = model;
    this.older = older;
    this.clock = clock;
    this.begun = clock.instant();
  }

  @Override
  public String errorBody(ApiError error) {
    return error.ollama().toString();
  }

  @Override
  public String whole(List<Gathered> choices) {
    Gathered only = choices.get(0);
    ObjectNode body = OpenAiJson.object();
    if (older) {
      add(body.putArray("embedding"), only.vectors().get(0));
      return body.toString();
    }
    body.put("model", model);
    ArrayNode all = body.putArray("embeddings");
    only.vectors().forEach(each -> add(all.addArray(), each));
    Usage usage = only.summary().usage();
    body.put("total_duration", Duration.between(begun, clock.instant()).toNanos())
        .put("load_duration", usage.load().toNanos())
        .put("prompt_eval_count", usage.promptTokens());
    return body.toString();
  }

  private static void add(ArrayNode numbers, List<Float> vector) {
    vector.forEach(numbers::add);
  }
}
