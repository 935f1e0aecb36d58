package dev.waggle.node.api;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.node.Builder;
import dev.waggle.node.Node;
import dev.waggle.node.config.Setting;
import dev.waggle.worker.fake.FakeOllama;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** An embedded node with a fake Ollama and without peers, to be asked over HTTP. */
final class LoneNode implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();
  static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final FakeOllama ollama = new FakeOllama();
  private final Node node;

  /**
   * Starts one that offers the models of its Ollama.
   *
   * @param directory its data
   * @param settings adds to its settings
   */
  LoneNode(Path directory, UnaryOperator<Builder> settings) throws Exception {
    node =
        settings
            .apply(
                Node.builder()
                    .with(Setting.SANDBOX_MODE, "off")
                    .dataDirectory(directory)
                    .name("alone")
                    .api("127.0.0.1:0")
                    .listen("/ip4/127.0.0.1/tcp/0")
                    .mdns(false)
                    .ollama(ollama.address())
                    .with(Setting.LLAMA, false)
                    .with(Setting.PROBE_MODELS, false))
            .start();
    await().until(() -> !node.capability().models().isEmpty());
  }

  FakeOllama ollama() {
    return ollama;
  }

  Node node() {
    return node;
  }

  URI uri(String path) {
    return URI.create("http://" + node.self().api() + path);
  }

  /** A request to it; headers are names and values in turn. */
  HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
    return headers.length == 0 ? request : request.headers(headers);
  }

  static HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** What a streamed answer says, one object a line or an event. */
  static List<JsonNode> events(String body) throws IOException {
    List<JsonNode> events = new ArrayList<>();
    for (String line : body.lines().toList()) {
      String data = line.startsWith("data: ") ? line.substring("data: ".length()) : line;
      if (data.startsWith("{")) {
        events.add(JSON.readTree(data));
      }
    }
    return events;
  }

  @Override
  public void close() {
    node.close();
    ollama.close();
  }
}
