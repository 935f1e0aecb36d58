package dev.waggle.worker.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which blobs a model of Ollama consists of: an OCI image manifest with layers of Ollama's own
 * media types.
 *
 * @param config describes the model
 * @param layers its weights, its template and so on, in their order
 */
record OllamaManifest(ModelFile config, List<ModelFile> layers) {
  /** The most layers; real models have about five. */
  static final int LAYERS_MAX = 64;

  static final String MODEL = "application/vnd.ollama.image.model";
  static final String PROJECTOR = "application/vnd.ollama.image.projector";
  static final String ADAPTER = "application/vnd.ollama.image.adapter";
  static final String TEMPLATE = "application/vnd.ollama.image.template";
  static final String SYSTEM = "application/vnd.ollama.image.system";
  static final String PARAMETERS = "application/vnd.ollama.image.params";
  static final String LICENSE = "application/vnd.ollama.image.license";
  static final String MESSAGES = "application/vnd.ollama.image.messages";

  private static final ObjectMapper JSON = new ObjectMapper();

  OllamaManifest {
    layers = List.copyOf(layers);
  }

  /**
   * Reads a manifest.
   *
   * @throws IOException if it is none, or names what cannot be copied
   */
  static OllamaManifest parse(byte[] document) throws IOException {
    if (document.length > ModelManifest.DOCUMENT_BYTES_MAX) {
      throw new IOException("a manifest is larger than any");
    }
    JsonNode manifest;
    try {
      manifest = JSON.readTree(document);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IOException("a manifest is no JSON", e);
    }
    JsonNode layers = manifest.path("layers");
    if (!layers.isArray() || layers.isEmpty() || layers.size() > LAYERS_MAX) {
      throw new IOException("a manifest has 1 to " + LAYERS_MAX + " layers");
    }
    List<ModelFile> files = new ArrayList<>();
    for (JsonNode each : layers) {
      files.add(file(each));
    }
    return new OllamaManifest(file(manifest.path("config")), files);
  }

  private static ModelFile file(JsonNode json) throws IOException {
    BlobDigest digest =
        BlobDigest.parse(json.path("digest").asText())
            .orElseThrow(() -> new IOException("a manifest names a blob by no digest"));
    long size = json.path("size").asLong();
    if (size < 1 || size > BlockRange.BLOB_BYTES_MAX) {
      throw new IOException("a manifest names a blob of " + size + " bytes");
    }
    return new ModelFile(digest, size, json.path("mediaType").asText());
  }

  /** Every blob once. */
  List<ModelFile> blobs() {
    Map<BlobDigest, ModelFile> blobs = new LinkedHashMap<>();
    layers.forEach(layer -> blobs.putIfAbsent(layer.digest(), layer));
    blobs.putIfAbsent(config.digest(), config);
    return List.copyOf(blobs.values());
  }

  /** The layers of a media type. */
  List<ModelFile> layers(String mediaType) {
    return layers.stream().filter(layer -> layer.mediaType().equals(mediaType)).toList();
  }
}
