package dev.waggle.worker.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.worker.engine.ollama.OllamaEngine;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** What an Ollama can be told about models over HTTP. Blocks. */
final class OllamaApi {
  private static final Duration CONNECT_MAX = Duration.ofSeconds(2);
  private static final Duration ANSWER_MAX = Duration.ofSeconds(10);
  // It hashes and writes what it gets; slow disks take their time.
  private static final Duration WORK_MAX = Duration.ofHours(1);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI address;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_MAX)
          .build();

  OllamaApi(URI address) {
    this.address = address;
  }

  URI address() {
    return address;
  }

  /** Its models: name and digest. */
  Map<String, String> models() throws IOException, InterruptedException {
    if (get("/api/version").has(OllamaEngine.WAGGLE_MARKER)) {
      throw new IOException("a Waggle node answers at " + address + ", not Ollama");
    }
    Map<String, String> models = new LinkedHashMap<>();
    for (JsonNode each : get("/api/tags").path("models")) {
      models.put(each.path("name").asText(), OllamaEngine.digest(each.path("digest").asText()));
    }
    return models;
  }

  boolean hasBlob(BlobDigest digest) throws IOException, InterruptedException {
    HttpRequest request =
        request("/api/blobs/" + digest, ANSWER_MAX)
            .method("HEAD", HttpRequest.BodyPublishers.noBody())
            .build();
    return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
  }

  void putBlob(BlobDigest digest, Path file) throws IOException, InterruptedException {
    send(
        request("/api/blobs/" + digest, WORK_MAX)
            .POST(HttpRequest.BodyPublishers.ofFile(file))
            .build());
  }

  void create(ObjectNode model) throws IOException, InterruptedException {
    JsonNode answer =
        send(
            request("/api/create", WORK_MAX)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(model)))
                .build());
    if (!answer.path("status").asText().equals("success")) {
      throw new IOException("Ollama at " + address + " did not take the model");
    }
  }

  private JsonNode get(String path) throws IOException, InterruptedException {
    return send(request(path, ANSWER_MAX).build());
  }

  private HttpRequest.Builder request(String path, Duration patience) {
    return HttpRequest.newBuilder(URI.create(address + path)).timeout(patience);
  }

  private JsonNode send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<byte[]> response;
    try {
      response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new IOException("no Ollama answers at " + address + " (start it: ollama serve)", e);
    }
    JsonNode body = JSON.createObjectNode();
    try {
      body = response.body().length == 0 ? body : JSON.readTree(response.body());
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IOException(address + " does not answer as Ollama does", e);
    }
    if (response.statusCode() / 100 != 2 || body.hasNonNull("error")) {
      throw new IOException(
          "Ollama at "
              + address
              + " refuses: "
              + body.path("error").asText("status " + response.statusCode()));
    }
    return body;
  }
}
