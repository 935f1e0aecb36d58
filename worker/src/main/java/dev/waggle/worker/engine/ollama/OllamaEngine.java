package dev.waggle.worker.engine.ollama;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Speed;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.engine.HttpCall;
import dev.waggle.worker.engine.ModelLibrary;
import dev.waggle.worker.engine.Patience;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Ollama at an address. Answers are streamed by {@link OllamaGeneration}, because a cut stream
 * must be a failure and a cancelled one must end at once.
 *
 * <p>Never uses a Waggle node for an engine, which also speaks Ollama's API, and never models that
 * leave the machine.
 */
public final class OllamaEngine implements Engine {
  /** What a Waggle node adds to the answer of {@code /api/version}. */
  public static final String WAGGLE_MARKER = "waggle";

  private static final Map<String, Ability> ABILITIES =
      Map.of(
          "completion", Ability.COMPLETION,
          "tools", Ability.TOOLS,
          "vision", Ability.VISION,
          "insert", Ability.INSERT,
          "thinking", Ability.THINKING,
          "embedding", Ability.EMBEDDING);

  private static final Pattern PARAMETERS = Pattern.compile("([0-9]{1,5}(?:\\.[0-9]+)?)([BM])");
  private static final Logger log = LoggerFactory.getLogger(OllamaEngine.class);
  private static final Duration ADMIN_MAX = Duration.ofSeconds(5);
  private static final int MODELS_MAX = 200;
  private static final Duration LOAD_MAX = Duration.ofMinutes(5);
  // As long as Ollama keeps a model by itself.
  private static final int KEPT_SECONDS = 300;
  private static final Duration SOON = Duration.ofMinutes(1);

  private final URI address;
  private final int contextTokens;
  private final Patience patience;
  private final ScheduledExecutorService timer;
  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http = HttpCall.client();

  /** What is known of models, by name and digest; what a digest can do never changes. */
  private final Map<String, Facts> facts = new HashMap<>();

  /** The context that each model is loaded with, by name. */
  private final Map<String, Integer> contexts = new ConcurrentHashMap<>();

  /**
   * What Ollama says of a model.
   *
   * @param contextTokens how much it was trained for; 0 when unknown
   */
  private record Facts(Set<Ability> abilities, int contextTokens) {}

  /** A model in memory. */
  private record Loaded(boolean accelerated, int contextTokens) {}

  /**
   * Prepares the engine; nothing is asked yet.
   *
   * @param contextTokens what models are loaded with that can do as much and are not in memory yet;
   *     one number for all requests, because another would load the model again
   * @param patience how long an answer may pause before it counts as stuck
   * @param timer watches for stuck answers; stays the caller's to close
   */
  public OllamaEngine(
      URI address, int contextTokens, Patience patience, ScheduledExecutorService timer) {
    this.address = address;
    this.contextTokens = contextTokens;
    this.patience = patience;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "ollama";
  }

  @Override
  public synchronized List<ModelOffer> models() throws EngineException {
    if (ask("/api/version").has(WAGGLE_MARKER)) {
      throw new EngineException(
          Outcome.Failure.ENGINE,
          "a Waggle node answers at " + address + ", not Ollama (check OLLAMA_HOST)");
    }
    try {
      Map<String, Loaded> loaded = loaded();
      List<ModelOffer> models = new ArrayList<>();
      for (JsonNode model : ask("/api/tags").path("models")) {
        if (models.size() < MODELS_MAX && staysHere(model)) {
          models.add(offer(model, loaded.get(model.path("name").asText())));
        }
      }
      return models;
    } catch (IllegalArgumentException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "Ollama at " + address + " answers strangely: " + e, e);
    }
  }

  private ModelOffer offer(JsonNode model, @Nullable Loaded loaded) {
    String name = model.path("name").asText();
    Facts known = facts(model);
    int context = loaded == null ? contexts.getOrDefault(name, 0) : loaded.contextTokens();
    if (context == 0) {
      context =
          known.contextTokens() == 0
              ? contextTokens
              : Math.min(contextTokens, known.contextTokens());
    }
    contexts.put(name, context);
    return new ModelOffer(
        name,
        digest(model.path("digest").asText()),
        name(),
        Math.max(0, model.path("size").asLong()),
        context,
        loaded != null,
        parameters(model.path("details").path("parameter_size").asText()),
        loaded != null && loaded.accelerated(),
        known.abilities(),
        false,
        Speed.UNKNOWN);
  }

  /** A digest as adverts write it, from how Ollama does. */
  public static String digest(String digest) {
    return digest.contains(":") ? digest : "sha256:" + digest;
  }

  /** The millions that a text like "7.6B" or "494.03M" means; 0 for any other. */
  static long parameters(String text) {
    Matcher form = PARAMETERS.matcher(text);
    return form.matches()
        ? Math.round(Double.parseDouble(form.group(1)) * (form.group(2).equals("B") ? 1_000 : 1))
        : 0;
  }

  private Map<String, Loaded> loaded() {
    Map<String, Loaded> loaded = new HashMap<>();
    try {
      for (JsonNode model : ask("/api/ps").path("models")) {
        loaded.put(
            model.path("name").asText(),
            new Loaded(
                model.path("size_vram").asLong() > 0,
                Math.max(0, model.path("context_length").asInt())));
      }
    } catch (EngineException e) {
      // Only a hint for the placement; servers that speak part of the API lack it.
      log.debug("Ollama does not say what is loaded: {}", e.getMessage());
    }
    return loaded;
  }

  /** Whether a model that Ollama lists runs where Ollama does. */
  static boolean staysHere(JsonNode model) {
    return !model.hasNonNull("remote_host") && !isRemote(model.path("name").asText());
  }

  /** Whether a name says that its model runs elsewhere; some that do not say so do, too. */
  public static boolean isRemote(String model) {
    return model.endsWith(":cloud") || model.endsWith("-cloud");
  }

  private Facts facts(JsonNode model) {
    String name = model.path("name").asText();
    String key = name + " " + model.path("digest").asText();
    Facts known = facts.get(key);
    if (known == null) {
      known = askFor(name);
      if (facts.size() >= MODELS_MAX) {
        facts.clear();
      }
      facts.put(key, known);
    }
    return known;
  }

  private Facts askFor(String model) {
    JsonNode shown;
    try {
      shown = ask("/api/show", json.createObjectNode().put("model", model));
    } catch (EngineException e) {
      log.debug("Ollama does not say what {} can do: {}", model, e.getMessage());
      return new Facts(Set.of(), 0);
    }
    EnumSet<Ability> abilities = EnumSet.noneOf(Ability.class);
    for (JsonNode each : shown.path("capabilities")) {
      Ability ability = ABILITIES.get(each.asText());
      if (ability != null) {
        abilities.add(ability);
      }
    }
    JsonNode info = shown.path("model_info");
    String architecture = info.path("general.architecture").asText();
    return new Facts(abilities, Math.max(0, info.path(architecture + ".context_length").asInt()));
  }

  private JsonNode ask(String path) throws EngineException {
    return ask(HttpRequest.newBuilder(URI.create(address + path)));
  }

  private JsonNode ask(String path, JsonNode body) throws EngineException {
    return ask(
        HttpRequest.newBuilder(URI.create(address + path))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
  }

  private JsonNode ask(HttpRequest.Builder request) throws EngineException {
    HttpRequest built = request.timeout(ADMIN_MAX).build();
    try {
      HttpResponse<String> response = http.send(built, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new EngineException(
            Outcome.Failure.ENGINE,
            built.uri() + " answers " + response.statusCode() + " (is it Ollama?)");
      }
      return json.readTree(response.body());
    } catch (IOException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE,
          "no Ollama answers at " + address + " (start it: ollama serve)",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(Outcome.Failure.ENGINE, "interrupted", e);
    }
  }

  @Override
  public Generation start(TaskSpec task) {
    OllamaBody form = new OllamaBody(contexts.getOrDefault(task.model(), 0));
    return new OllamaGeneration(address, task, form, new HttpCall(http, "Ollama", patience, timer));
  }

  @Override
  public void warm(String model) throws EngineException, InterruptedException {
    ObjectNode body = json.createObjectNode().put("model", model).put("stream", false);
    for (JsonNode each : ask("/api/ps").path("models")) {
      if (each.path("name").asText().equals(model)) {
        if (!endsSoon(each.path("expires_at").asText())) {
          return;
        }
        body.put("keep_alive", KEPT_SECONDS);
      }
    }
    // With another context Ollama would load it again for the first request.
    int context = contexts.getOrDefault(model, 0);
    if (context > 0) {
      body.putObject("options").put("num_ctx", context);
    }
    // A request without a prompt only loads. How long the model then stays is Ollama's to say.
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address + "/api/generate"))
            .header("content-type", "application/json")
            .timeout(LOAD_MAX)
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new EngineException(
            Outcome.Failure.ENGINE, "Ollama does not load it: status " + response.statusCode());
      }
    } catch (IOException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "Ollama does not load it: " + e.getMessage(), e);
    }
  }

  /** Whether a model leaves the memory before it is looked after again. */
  private static boolean endsSoon(String expiry) {
    try {
      return OffsetDateTime.parse(expiry).toInstant().isBefore(Instant.now().plus(SOON));
    } catch (DateTimeParseException e) {
      return false; // Servers that speak part of the API do not say.
    }
  }

  @Override
  public Optional<ModelLibrary> library() {
    return Optional.of(new OllamaLibrary(address, http, patience, timer));
  }

  @Override
  public void close() {
    // Ollama belongs to its user; the client's threads end when nothing refers to it.
  }
}
