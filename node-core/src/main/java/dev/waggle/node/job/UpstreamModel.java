package dev.waggle.node.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.job.Upstream;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.node.config.UpstreamConfig;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * A model behind an OpenAI-compatible endpoint outside the swarm. It hears nothing of a job that
 * has a label, and of others no secret that can be told by its form. Thread-safe.
 */
public final class UpstreamModel implements Upstream {
  private static final Duration CONNECT_MAX = Duration.ofSeconds(10);
  private static final Duration ANSWER_MAX = Duration.ofMinutes(5);
  private static final int ANSWER_CHARACTERS_MAX = 4 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final UpstreamConfig config;
  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(CONNECT_MAX)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  public UpstreamModel(UpstreamConfig config) {
    this.config = config;
  }

  @Override
  public boolean isAllowed(List<String> labels) {
    return labels.isEmpty();
  }

  @Override
  public String ask(List<ChatMessage> messages) throws IOException, InterruptedException {
    ObjectNode body = JSON.createObjectNode().put("model", config.model()).put("stream", false);
    for (ChatMessage each : messages) {
      body.withArray("messages")
          .addObject()
          .put("role", each.role().name().toLowerCase(Locale.ROOT))
          .put("content", Secrets.hide(each.content()));
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(config.chat())
            .timeout(ANSWER_MAX)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    config.key().ifPresent(key -> request.header("authorization", "Bearer " + key));
    HttpResponse<String> response =
        http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200 || response.body().length() > ANSWER_CHARACTERS_MAX) {
      throw new IOException(
          "the upstream model at "
              + config.address().getHost()
              + " answered "
              + response.statusCode()
              + " (see upstream.address, upstream.model and upstream.key)");
    }
    JsonNode text =
        JSON.readTree(response.body()).path("choices").path(0).path("message").path("content");
    if (!text.isTextual()) {
      throw new IOException(
          "the upstream model at " + config.address().getHost() + " sent no text");
    }
    return text.asText();
  }
}
