package dev.waggle.worker.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/**
 * A folder as Ollama's store is on disk, with models that a test puts there. Names are {@code
 * model:tag}.
 */
public final class FakeModelStore {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LIBRARY = "manifests/registry.ollama.ai/library";
  private static final String MEDIA_TYPE = "application/vnd.ollama.image.";

  private final Path root;
  private final List<JsonNode> created = new CopyOnWriteArrayList<>();

  /** Uses a folder, which need not exist. */
  public FakeModelStore(Path root) throws IOException {
    this.root = root;
    Files.createDirectories(root.resolve("blobs"));
    Files.createDirectories(root.resolve(LIBRARY));
  }

  /** The folder. */
  public Path root() {
    return root;
  }

  /** Weights that nothing shortens. */
  public static byte[] weights(int bytes, long seed) {
    byte[] weights = new byte[bytes];
    new Random(seed).nextBytes(weights);
    return weights;
  }

  /**
   * Puts a model there.
   *
   * @return its digest
   */
  public String add(String name, byte[] weights) throws IOException {
    ArrayNode layers = JSON.createArrayNode();
    layers.add(layer("model", weights));
    layers.add(layer("template", "{{ .Prompt }}".getBytes(StandardCharsets.UTF_8)));
    layers.add(layer("license", "none at all".getBytes(StandardCharsets.UTF_8)));
    layers.add(layer("params", "{\"stop\":[\"<end>\"]}".getBytes(StandardCharsets.UTF_8)));
    return write(name, "{\"model_format\":\"gguf\"}", layers);
  }

  private ObjectNode layer(String kind, byte[] content) throws IOException {
    return JSON.createObjectNode()
        .put("mediaType", MEDIA_TYPE + kind)
        .put("digest", put(content))
        .put("size", content.length);
  }

  private String write(String name, String config, ArrayNode layers) throws IOException {
    ObjectNode manifest = JSON.createObjectNode().put("schemaVersion", 2);
    manifest.put("mediaType", "application/vnd.docker.distribution.manifest.v2+json");
    byte[] content = config.getBytes(StandardCharsets.UTF_8);
    manifest
        .putObject("config")
        .put("mediaType", "application/vnd.docker.container.image.v1+json")
        .put("digest", put(content))
        .put("size", content.length);
    manifest.set("layers", layers);
    Path file = manifest(name);
    Files.createDirectories(file.getParent());
    byte[] document = JSON.writeValueAsBytes(manifest);
    Files.write(file, document);
    return "sha256:" + sha256(document);
  }

  private Path manifest(String name) {
    return root.resolve(LIBRARY).resolve(name.replace(':', '/'));
  }

  /** Where a blob lies. */
  public Path blob(String digest) {
    return root.resolve("blobs").resolve(digest.replace(':', '-'));
  }

  /** Its models: name and digest. */
  public Map<String, String> models() throws IOException {
    Map<String, String> models = new TreeMap<>();
    Path library = root.resolve(LIBRARY);
    try (Stream<Path> files = Files.walk(library, 2)) {
      for (Path each : files.filter(Files::isRegularFile).toList()) {
        String name = library.relativize(each).toString().replace('/', ':').replace('\\', ':');
        models.put(name, "sha256:" + sha256(Files.readAllBytes(each)));
      }
    }
    return models;
  }

  /** The content of a model's first layer. */
  public byte[] weights(String name) throws IOException {
    JsonNode layers = JSON.readTree(Files.readAllBytes(manifest(name))).path("layers");
    return Files.readAllBytes(blob(layers.path(0).path("digest").asText()));
  }

  /** Keeps a blob; returns its digest. */
  String put(byte[] content) throws IOException {
    String digest = "sha256:" + sha256(content);
    Files.write(blob(digest), content);
    return digest;
  }

  /** Makes a model as {@code /api/create} is told. */
  void create(JsonNode request) throws IOException {
    created.add(request);
    ArrayNode layers = JSON.createArrayNode();
    for (JsonNode digest : request.path("files")) {
      layers.add(layer("model", Files.readAllBytes(blob(digest.asText()))));
    }
    write(request.path("model").asText(), "{\"made\":\"here\"}", layers);
  }

  /** What {@code /api/create} was told so far. */
  public List<JsonNode> created() {
    return created;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
