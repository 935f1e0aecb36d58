package dev.waggle.node.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeOllama;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A node that asks and some that work, as processes, each of these with a fake engine. */
final class BenchSwarm implements AutoCloseable {
  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Scratch directory = new Scratch();
  private final List<FakeOllama> engines = new ArrayList<>();
  private final List<NodeProcess> workers = new ArrayList<>();
  private final NodeProcess asking;

  /**
   * Starts it; blocks until every model may be asked for.
   *
   * @param settings of the workers, lines of the table {@code [worker]}
   */
  BenchSwarm(List<String> program, int size, String settings) throws Exception {
    asking =
        NodeProcess.start(
            program, directory.resolve("asking"), List.of("--no-ollama", "--sandbox", "off"));
    for (int i = 0; i < size; i++) {
      FakeOllama engine = new FakeOllama();
      engines.add(engine);
      Path data = Files.createDirectories(directory.resolve("worker" + i));
      Files.writeString(
          data.resolve("config.toml"),
          "[ollama]\naddress = \"" + engine.address().getAuthority() + "\"\n[worker]\n" + settings);
      NodeProcess worker =
          NodeProcess.start(program, data, List.of("--sandbox", "off", "--no-power-policy"));
      workers.add(worker);
      String token = post(asking, "/swarm/v1/invites", Map.of());
      post(worker, "/swarm/v1/join", Map.of("token", token));
    }
    while (resumable() < size) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  NodeProcess asking() {
    return asking;
  }

  List<NodeProcess> workers() {
    return workers;
  }

  List<FakeOllama> engines() {
    return engines;
  }

  /** How many workers would go on with an answer of the usual model. */
  private int resumable() throws Exception {
    JsonNode peers =
        json.readTree(
            http.send(
                    request(asking, "/swarm/v1/peers").build(),
                    HttpResponse.BodyHandlers.ofString())
                .body());
    int found = 0;
    for (JsonNode peer : peers.path("peers")) {
      for (JsonNode model : peer.path("models")) {
        boolean usual = model.path("name").asText().equals(FakeOllama.MODEL);
        found += usual && model.path("resumable").asBoolean() ? 1 : 0;
      }
    }
    return found;
  }

  private String post(NodeProcess node, String path, Map<String, ?> body) throws Exception {
    HttpResponse<byte[]> response =
        http.send(
            request(node, path)
                .POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body)))
                .build(),
            HttpResponse.BodyHandlers.ofByteArray());
    return json.readTree(response.body()).path("token").asText();
  }

  private static HttpRequest.Builder request(NodeProcess node, String path) throws IOException {
    return HttpRequest.newBuilder(node.ready().api().resolve(path))
        .header("content-type", "application/json")
        .header("authorization", "Bearer " + node.token());
  }

  @Override
  public void close() throws IOException {
    workers.forEach(NodeProcess::close);
    asking.close();
    engines.forEach(FakeOllama::close);
    directory.close();
  }
}
