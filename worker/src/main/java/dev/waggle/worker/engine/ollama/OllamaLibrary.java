package dev.waggle.worker.engine.ollama;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.HttpCall;
import dev.waggle.worker.engine.LineReader;
import dev.waggle.worker.engine.ModelLibrary;
import dev.waggle.worker.engine.Patience;
import dev.waggle.worker.engine.SilenceWatch;
import io.github.ollama4j.Ollama;
import io.github.ollama4j.exceptions.OllamaException;
import io.github.ollama4j.models.response.Model;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Collectors;

/**
 * Ollama's own models. Pulls are streamed here, because ollama4j neither tells how far one is nor
 * lets it be ended; the rest is ollama4j's.
 */
final class OllamaLibrary implements ModelLibrary {
  private static final int LINE_BYTES_MAX = 64 << 10;
  private static final Duration ADMIN_MAX = Duration.ofSeconds(10);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI address;
  private final HttpClient http;
  private final Patience patience;
  private final ScheduledExecutorService timer;

  OllamaLibrary(URI address, HttpClient http, Patience patience, ScheduledExecutorService timer) {
    this.address = address;
    this.http = http;
    this.patience = patience;
    this.timer = timer;
  }

  @Override
  public void pull(String model, Steps steps) throws EngineException, InterruptedException {
    byte[] body =
        JSON.createObjectNode()
            .put("model", model)
            .put("stream", true)
            .toString()
            .getBytes(StandardCharsets.UTF_8);
    HttpCall call = new HttpCall(http, "Ollama", patience, timer);
    try (SilenceWatch watch = call.watch()) {
      HttpResponse<InputStream> response =
          call.post(HttpRequest.newBuilder(URI.create(address + "/api/pull")), body);
      read(new LineReader(response.body(), LINE_BYTES_MAX), call, watch, steps);
    } finally {
      call.close();
    }
  }

  private static void read(LineReader lines, HttpCall call, SilenceWatch watch, Steps steps)
      throws EngineException, InterruptedException {
    String last = "";
    while (true) {
      byte[] line;
      try {
        line = lines.next();
      } catch (IOException e) {
        throw call.broken(e);
      }
      watch.onHeard();
      if (line == null) {
        if (last.equals("success")) {
          return;
        }
        throw call.broken(new IOException("it ended before the model was there"));
      }
      JsonNode said = parse(line);
      if (said.has("error")) {
        String cause = said.path("error").asText();
        throw new EngineException(Outcome.Failure.ENGINE, "Ollama cannot pull it: " + cause);
      }
      last = said.path("status").asText();
      steps.at(
          new Step(
              last,
              said.path("digest").asText(""),
              said.path("completed").asLong(),
              said.path("total").asLong()));
      watch.onPassedOn();
    }
  }

  private static JsonNode parse(byte[] line) throws EngineException {
    try {
      return JSON.readTree(line);
    } catch (IOException e) {
      throw new EngineException(Outcome.Failure.ENGINE, "Ollama sent a line that is no JSON", e);
    }
  }

  @Override
  public boolean staysHere(String model) throws EngineException, InterruptedException {
    try {
      HttpResponse<String> tags =
          http.send(
              HttpRequest.newBuilder(URI.create(address + "/api/tags")).timeout(ADMIN_MAX).build(),
              HttpResponse.BodyHandlers.ofString());
      for (JsonNode each : JSON.readTree(tags.body()).path("models")) {
        String name = each.path("name").asText();
        if (name.equals(model) || name.equals(model + ":latest")) {
          return OllamaEngine.staysHere(each);
        }
      }
    } catch (IOException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "Ollama does not say what it has: " + e.getMessage(), e);
    }
    throw new EngineException(
        Outcome.Failure.NO_SUCH_MODEL, "model \"" + model + "\" not found in Ollama");
  }

  @Override
  public void delete(String model) throws EngineException {
    Ollama ollama = new Ollama(address.toString());
    ollama.setRequestTimeoutSeconds(ADMIN_MAX.toSeconds());
    try {
      // It takes a model that is not there for one that it deleted.
      Set<String> names =
          ollama.listModels().stream().map(Model::getName).collect(Collectors.toSet());
      if (!names.contains(model) && !names.contains(model + ":latest")) {
        throw new EngineException(
            Outcome.Failure.NO_SUCH_MODEL, "model \"" + model + "\" not found in Ollama");
      }
      ollama.deleteModel(model, /* ignoreIfNotPresent= */ true);
    } catch (OllamaException e) {
      throw new EngineException(
          Outcome.Failure.ENGINE, "Ollama cannot delete \"" + model + "\": " + e.getMessage(), e);
    }
  }
}
