package dev.waggle.worker.engine.openai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Speed;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Digests;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.engine.HttpCall;
import dev.waggle.worker.engine.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

/**
 * A server on this machine that speaks OpenAI's API. Its models have no digest of their content:
 * what stands for it is made of the server's and the model's name, so two such models are never
 * taken for the same, and no answer of one goes on with another.
 *
 * <p>Servers elsewhere are refused: a prompt that was sent to this node does not leave it again.
 */
public final class OpenAiEngine implements Engine {
  /** What a Waggle node says owns its models. */
  public static final String WAGGLE_OWNER = "waggle";

  private static final Duration ADMIN_MAX = Duration.ofSeconds(5);
  private static final int MODELS_MAX = 200;

  private final URI address;
  private final Optional<String> key;
  private final Patience patience;
  private final ScheduledExecutorService timer;
  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http = HttpCall.client();

  /**
   * Prepares the engine; nothing is asked yet.
   *
   * @param address with the path before {@code /chat/completions}, usually {@code /v1}
   * @param key what the server wants to be shown
   * @param patience how long an answer may pause before it counts as stuck
   * @param timer watches for stuck answers; stays the caller's to close
   */
  public OpenAiEngine(
      URI address, Optional<String> key, Patience patience, ScheduledExecutorService timer) {
    this.address = URI.create(address.toString().replaceAll("/+$", ""));
    this.key = key;
    this.patience = patience;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "openai";
  }

  @Override
  public List<ModelOffer> models() throws EngineException {
    List<ModelOffer> models = new ArrayList<>();
    for (JsonNode model : ask().path("data")) {
      String id = model.path("id").asText();
      if (model.path("owned_by").asText().equals(WAGGLE_OWNER)) {
        throw new EngineException(
            Outcome.Failure.ENGINE,
            "a Waggle node answers at " + address + ", not an engine (check openai.servers)");
      }
      if (models.size() < MODELS_MAX && isName(id)) {
        models.add(offer(id, model));
      }
    }
    return models;
  }

  private static boolean isName(String id) {
    return !id.isEmpty()
        && id.length() <= ModelOffer.NAME_CHARACTERS_MAX
        && id.codePoints().noneMatch(Character::isISOControl);
  }

  private ModelOffer offer(String id, JsonNode model) {
    JsonNode meta = model.path("meta");
    int context =
        meta.path("n_ctx")
            .asInt(model.path("max_model_len").asInt(model.path("context_length").asInt()));
    boolean embeds = id.toLowerCase(Locale.ROOT).contains("embed");
    return new ModelOffer(
        id,
        digest(id),
        name(),
        Math.max(0, meta.path("size").asLong()),
        Math.max(0, context),
        /* loaded= */ true,
        Math.max(0, meta.path("n_params").asLong() / 1_000_000),
        /* accelerated= */ false,
        embeds
            ? Set.of(Ability.EMBEDDING)
            : EnumSet.of(Ability.COMPLETION, Ability.TOOLS, Ability.VISION),
        /* resumable= */ false,
        Speed.UNKNOWN);
  }

  private String digest(String id) {
    return Digests.of((address + " " + id).getBytes(StandardCharsets.UTF_8)).toString();
  }

  private void requireHere() throws EngineException {
    try {
      InetAddress host = InetAddress.getByName(address.getHost());
      if (!host.isLoopbackAddress()) {
        throw new EngineException(
            Outcome.Failure.ENGINE,
            address + " is another machine (openai.servers takes servers on this one)");
      }
    } catch (UnknownHostException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "the host of " + address + " is unknown", e);
    }
  }

  private HttpRequest.Builder request(String path) throws EngineException {
    requireHere();
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address + path));
    key.ifPresent(shown -> request.header("authorization", "Bearer " + shown));
    return request;
  }

  private JsonNode ask() throws EngineException {
    try {
      HttpResponse<String> response =
          http.send(
              request("/models").timeout(ADMIN_MAX).build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        String setting = response.statusCode() == 401 ? "openai.key" : "openai.servers";
        throw new EngineException(
            Outcome.Failure.ENGINE,
            address + "/models answers " + response.statusCode() + " (check " + setting + ")");
      }
      return json.readTree(response.body());
    } catch (JsonProcessingException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "what answers at " + address + " speaks no JSON", e);
    } catch (IOException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "no server answers at " + address + " (check openai.servers)", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(Outcome.Failure.ENGINE, "interrupted", e);
    }
  }

  @Override
  public Generation start(TaskSpec task) {
    return new OpenAiGeneration(
        this::request, task, new HttpCall(http, "the server", patience, timer));
  }

  @Override
  public void close() {
    // The server belongs to its user; the client's threads end when nothing refers to it.
  }
}
