package dev.waggle.worker.engine.ollama;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.engine.Patience;
import io.github.ollama4j.Ollama;
import io.github.ollama4j.exceptions.OllamaException;
import io.github.ollama4j.models.ps.ModelProcessesResult;
import io.github.ollama4j.models.response.ModelDetail;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Ollama at an address. Its models are listed with ollama4j; answers are streamed by {@link
 * OllamaGeneration}, because a cut stream must be a failure and a cancelled one must end at once.
 *
 * <p>Never uses a Waggle node for an engine, which also speaks Ollama's API, and never models that
 * leave the machine.
 */
public final class OllamaEngine implements Engine {
  /** What a Waggle node adds to the answer of {@code /api/version}. */
  public static final String WAGGLE_MARKER = "waggle";

  private static final Pattern PARAMETERS = Pattern.compile("([0-9]{1,5}(?:\\.[0-9]+)?)([BM])");
  private static final Logger log = LoggerFactory.getLogger(OllamaEngine.class);
  private static final Duration CONNECT_MAX = Duration.ofSeconds(2);
  private static final Duration ADMIN_MAX = Duration.ofSeconds(5);
  private static final int MODELS_MAX = 200;

  private final URI address;
  private final Patience patience;
  private final ScheduledExecutorService timer;
  private final Ollama admin;
  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_MAX)
          .build();

  /** Which models can chat, by name and digest; what a digest can do never changes. */
  private final Map<String, Boolean> chats = new HashMap<>();

  /**
   * Prepares the engine; nothing is asked yet.
   *
   * @param patience how long an answer may pause before it counts as stuck
   * @param timer watches for stuck answers; stays the caller's to close
   */
  public OllamaEngine(URI address, Patience patience, ScheduledExecutorService timer) {
    this.address = address;
    this.patience = patience;
    this.timer = timer;
    this.admin = new Ollama(address.toString());
    admin.setRequestTimeoutSeconds(ADMIN_MAX.toSeconds());
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
      Map<String, Boolean> loaded = loaded();
      List<ModelOffer> models = new ArrayList<>();
      // Asked directly, because ollama4j does not show remote_host.
      for (JsonNode model : ask("/api/tags").path("models")) {
        String name = model.path("name").asText();
        if (models.size() < MODELS_MAX && staysHere(model) && canChat(model)) {
          models.add(
              new ModelOffer(
                  name,
                  digest(model.path("digest").asText()),
                  name(),
                  Math.max(0, model.path("size").asLong()),
                  0,
                  loaded.containsKey(name),
                  parameters(model.path("details").path("parameter_size").asText()),
                  loaded.getOrDefault(name, false)));
        }
      }
      return models;
    } catch (IllegalArgumentException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "Ollama at " + address + " answers strangely: " + e, e);
    }
  }

  private static String digest(String digest) {
    return digest.contains(":") ? digest : "sha256:" + digest;
  }

  /** The millions that a text like "7.6B" or "494.03M" means; 0 for any other. */
  static long parameters(String text) {
    Matcher form = PARAMETERS.matcher(text);
    return form.matches()
        ? Math.round(Double.parseDouble(form.group(1)) * (form.group(2).equals("B") ? 1_000 : 1))
        : 0;
  }

  /** The models in memory, and whether a GPU has at least a part of each. */
  private Map<String, Boolean> loaded() {
    Map<String, Boolean> loaded = new HashMap<>();
    try {
      ModelProcessesResult running = admin.ps();
      if (running.getModels() != null) {
        running
            .getModels()
            .forEach(process -> loaded.put(process.getName(), process.getSizeVram() > 0));
      }
    } catch (OllamaException e) {
      // Only a hint for the placement; servers that speak part of the API lack it.
      log.debug("Ollama does not say what is loaded: {}", e.getMessage());
    }
    return loaded;
  }

  private static boolean staysHere(JsonNode model) {
    String name = model.path("name").asText();
    return !model.hasNonNull("remote_host") && !name.endsWith(":cloud") && !name.endsWith("-cloud");
  }

  /** Leaves out models that only embed. */
  private boolean canChat(JsonNode model) {
    String name = model.path("name").asText();
    String key = name + " " + model.path("digest").asText();
    Boolean known = chats.get(key);
    if (known == null) {
      known = askWhetherItChats(name);
      if (chats.size() >= MODELS_MAX) {
        chats.clear();
      }
      chats.put(key, known);
    }
    return known;
  }

  private boolean askWhetherItChats(String model) {
    try {
      ModelDetail detail = admin.getModelDetails(model);
      String[] capabilities = detail.getCapabilities();
      // Older servers do not say; then the chat itself will.
      return capabilities == null || Arrays.asList(capabilities).contains("completion");
    } catch (OllamaException e) {
      log.debug("Ollama does not say what {} can do: {}", model, e.getMessage());
      return true;
    }
  }

  private JsonNode ask(String path) throws EngineException {
    try {
      HttpResponse<String> response =
          http.send(
              HttpRequest.newBuilder(URI.create(address + path)).timeout(ADMIN_MAX).build(),
              HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new EngineException(
            Outcome.Failure.ENGINE,
            address + path + " answers " + response.statusCode() + " (is it Ollama?)");
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
  public Generation chat(TaskSpec.Chat chat) {
    return new OllamaGeneration(http, URI.create(address + "/api/chat"), chat, patience, timer);
  }

  @Override
  public void close() {
    // Ollama belongs to its user; the client's threads end when nothing refers to it.
  }
}
