package dev.waggle.node.program;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.node.process.NodeProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** Runs node.jar: nodes in folders of their own, and commands. Ends them all when closed. */
final class Program implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();
  static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private static final Duration COMMAND_MAX = Duration.ofSeconds(60);
  private static final String SANDBOX = "--sandbox";

  static {
    // Two tests run at a time, with some processes each, on machines of two processors.
    Awaitility.setDefaultTimeout(Duration.ofMinutes(1));
  }

  private final Path directory;
  private boolean probing;
  private final List<NodeProcess> nodes = new ArrayList<>();

  Program(Path directory) {
    this.directory = directory;
  }

  /** Lets the nodes that start from now on try their models. */
  void probeModels() {
    probing = true;
  }

  /** How a command ended. */
  record Ended(int exitCode, String out, String err) {
    JsonNode json() throws IOException {
      return JSON.readTree(out);
    }
  }

  /** The JVM's program. */
  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** node.jar. */
  static String jar() {
    return Optional.ofNullable(System.getProperty("waggle.jar"))
        .orElseThrow(() -> new IllegalStateException("run by mvn verify, which builds node.jar"));
  }

  static List<String> command() {
    List<String> command = new ArrayList<>(List.of(java()));
    command.addAll(ClassArchive.options(java(), Path.of(jar())));
    command.addAll(List.of("-jar", jar()));
    return command;
  }

  Path directory(String name) {
    return directory.resolve(name);
  }

  /**
   * Starts a node that uses the Ollama at an address, or none, and llama.cpp where its folder has
   * models.
   */
  NodeProcess start(String name, Optional<URI> ollama, String... arguments) throws Exception {
    return startWith("", name, ollama, arguments);
  }

  /** The same with more in its configuration, which may begin with settings of Ollama. */
  NodeProcess startWith(String toml, String name, Optional<URI> ollama, String... arguments)
      throws Exception {
    Path data = Files.createDirectories(directory(name));
    List<String> all = new ArrayList<>(List.of("--name", name, "--no-power-policy"));
    if (!Files.isDirectory(data.resolve("models"))) {
      all.add("--no-llama");
    }
    all.addAll(List.of(arguments));
    if (!all.contains(SANDBOX)) {
      // Sandboxes attack themselves at the start, which keeps a machine busy for a while.
      all.addAll(List.of(SANDBOX, "off"));
    }
    if (ollama.isPresent()) {
      Files.writeString(
          data.resolve("config.toml"),
          "[worker]\nstall-seconds = 2\nfirst-token-seconds = 5\nprobe-models = "
              + probing
              + "\n[ollama]\naddress = \""
              + ollama.get().getAuthority()
              + "\"\n"
              + toml);
    } else {
      all.add("--no-ollama");
    }
    NodeProcess node = NodeProcess.start(command(), data, all);
    nodes.add(node);
    return node;
  }

  /** Runs a command to its end. */
  Ended run(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(command());
    all.addAll(List.of(arguments));
    Path out = Files.createTempFile(directory, "command", ".out");
    Path err = Files.createTempFile(directory, "command", ".err");
    Process process =
        new ProcessBuilder(all).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    process.getOutputStream().close();
    if (!process.waitFor(COMMAND_MAX.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("still running: " + String.join(" ", arguments));
    }
    return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  /** Runs a command at a node. */
  Ended at(NodeProcess node, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--data-dir");
    all.add(node.dataDirectory().toString());
    return run(all.toArray(String[]::new));
  }

  /**
   * Makes a node a member of another's swarm; the commands that do this have tests of their own.
   */
  void join(NodeProcess joiner, NodeProcess issuer) throws Exception {
    String token = post(issuer, "/swarm/v1/invites", "{}").path("token").asText();
    post(joiner, "/swarm/v1/join", "{\"token\":\"" + token + "\"}");
  }

  private static JsonNode post(NodeProcess node, String path, String body) throws Exception {
    HttpResponse<String> response =
        HTTP.send(
            request(node, path).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
            HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() / 100 != 2) {
      throw new IllegalStateException(path + ": " + response.body());
    }
    return JSON.readTree(response.body());
  }

  static HttpRequest.Builder request(NodeProcess node, String path) throws IOException {
    return HttpRequest.newBuilder(node.ready().api().resolve(path))
        .timeout(Duration.ofSeconds(60))
        .header("content-type", "application/json")
        .header("authorization", "Bearer " + node.token());
  }

  static JsonNode get(NodeProcess node, String path) throws Exception {
    HttpResponse<String> response =
        HTTP.send(request(node, path).build(), HttpResponse.BodyHandlers.ofString());
    return JSON.readTree(response.body());
  }

  static HttpRequest chat(NodeProcess node, String model, boolean stream) throws IOException {
    return chatRequest(node, model, stream).build();
  }

  static HttpRequest.Builder chatRequest(NodeProcess node, String model, boolean stream)
      throws IOException {
    String body =
        "{\"model\":\""
            + model
            + "\",\"stream\":"
            + stream
            + ",\"messages\":[{\"role\":\"user\",\"content\":\"How do bees dance?\"}]}";
    return request(node, "/v1/chat/completions")
        .POST(HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
  }

  static HttpResponse<String> ask(NodeProcess node, String model) throws Exception {
    return HTTP.send(chat(node, model, false), HttpResponse.BodyHandlers.ofString());
  }

  /** How many other connected nodes offer a model. */
  static long offering(NodeProcess node, String model) throws Exception {
    long offering = 0;
    for (JsonNode peer : get(node, "/swarm/v1/peers").path("peers")) {
      for (JsonNode each : peer.path("models")) {
        offering +=
            peer.path("connected").asBoolean() && each.path("name").asText().equals(model) ? 1 : 0;
      }
    }
    return offering;
  }

  @Override
  public void close() {
    nodes.parallelStream().forEach(NodeProcess::close);
  }
}
