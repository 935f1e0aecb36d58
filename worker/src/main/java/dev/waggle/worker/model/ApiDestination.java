package dev.waggle.worker.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An Ollama whose store this user cannot write, because it runs as another or elsewhere. It gets
 * the files and makes the model of them, which may so have another digest than at its source.
 */
final class ApiDestination implements Destination {
  /** The longest template, license and so on. */
  private static final int TEXT_BYTES_MAX = 4 << 20;

  private static final ObjectMapper JSON = new ObjectMapper();
  // What the config says beyond the layers, and a model cannot do without.
  private static final List<String> CONFIG_FIELDS = List.of("renderer", "parser");

  private final OllamaApi api;

  ApiDestination(OllamaApi api) {
    this.api = api;
  }

  @Override
  public Optional<String> digestOf(String model) throws IOException, InterruptedException {
    return Optional.ofNullable(api.models().get(model));
  }

  @Override
  public Optional<Path> folder() {
    return Optional.empty();
  }

  @Override
  public boolean has(ModelFile file) throws IOException, InterruptedException {
    // What the others say has to be told to it.
    return file.isTensors() && api.hasBlob(file.digest());
  }

  @Override
  public String register(String model, ModelManifest manifest, Map<BlobDigest, Path> fetched)
      throws IOException, InterruptedException {
    if (!(manifest instanceof ModelManifest.Ollama ollama)) {
      throw new IOException("Ollama takes Ollama's models");
    }
    OllamaManifest parts = OllamaManifest.parse(ollama.document());
    for (ModelFile each : parts.layers()) {
      Path file = fetched.get(each.digest());
      if (each.isTensors() && file != null && !api.hasBlob(each.digest())) {
        api.putBlob(each.digest(), file);
      }
    }
    api.create(description(model, parts, fetched));
    String digest = api.models().get(model);
    if (digest == null) {
      throw new IOException("the Ollama at " + api.address() + " does not show the model");
    }
    return digest;
  }

  private static ObjectNode description(
      String model, OllamaManifest parts, Map<BlobDigest, Path> fetched) throws IOException {
    ObjectNode description = JSON.createObjectNode().put("model", model).put("stream", false);
    ObjectNode files = description.putObject("files");
    name(files, parts.layers(OllamaManifest.MODEL));
    name(files, parts.layers(OllamaManifest.PROJECTOR));
    if (!parts.layers(OllamaManifest.ADAPTER).isEmpty()) {
      name(description.putObject("adapters"), parts.layers(OllamaManifest.ADAPTER));
    }
    for (ModelFile each : parts.layers(OllamaManifest.TEMPLATE)) {
      description.put("template", text(each, fetched));
    }
    for (ModelFile each : parts.layers(OllamaManifest.SYSTEM)) {
      description.put("system", text(each, fetched));
    }
    for (ModelFile each : parts.layers(OllamaManifest.PARAMETERS)) {
      description.set("parameters", json(each, fetched));
    }
    for (ModelFile each : parts.layers(OllamaManifest.MESSAGES)) {
      description.set("messages", json(each, fetched));
    }
    ArrayNode licenses = JSON.createArrayNode();
    for (ModelFile each : parts.layers(OllamaManifest.LICENSE)) {
      licenses.add(text(each, fetched));
    }
    if (!licenses.isEmpty()) {
      description.set("license", licenses);
    }
    JsonNode config = json(parts.config(), fetched);
    for (String field : CONFIG_FIELDS) {
      if (config.path(field).isTextual() && !config.path(field).textValue().isEmpty()) {
        description.put(field, config.path(field).textValue());
      }
    }
    return description;
  }

  private static void name(ObjectNode files, List<ModelFile> layers) {
    for (ModelFile each : layers) {
      files.put("file-" + (files.size() + 1) + ".gguf", each.digest().toString());
    }
  }

  private static String text(ModelFile layer, Map<BlobDigest, Path> fetched) throws IOException {
    Path file = fetched.get(layer.digest());
    if (file == null || layer.sizeBytes() > TEXT_BYTES_MAX) {
      throw new IOException("a part of the model is missing or too long: " + layer.mediaType());
    }
    return Files.readString(file, StandardCharsets.UTF_8);
  }

  private static JsonNode json(ModelFile layer, Map<BlobDigest, Path> fetched) throws IOException {
    return JSON.readTree(text(layer, fetched));
  }
}
