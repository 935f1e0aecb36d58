package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.node.data.DataDirectory;
import dev.waggle.node.data.DataException;
import dev.waggle.node.data.RunningNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Talks to the node that runs on a data directory. Blocks. */
final class NodeClient {
  private static final Duration CONNECT_MAX = Duration.ofSeconds(3);
  private static final Duration ANSWER_MAX = Duration.ofSeconds(60);
  private static final String EVENT = "data: ";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_MAX)
          .build();
  private final String base;
  private final String token;

  private NodeClient(String base, String token) {
    this.base = base;
    this.token = token;
  }

  /**
   * Finds the running node and makes sure that it is the one of this directory.
   *
   * @throws CommandException if it does not run
   */
  static NodeClient connect(Path directory) throws CommandException, InterruptedException {
    try {
      Optional<RunningNode> running = DataDirectory.running(directory);
      if (running.isEmpty()) {
        throw notRunning(directory);
      }
      NodeClient client =
          new NodeClient("http://" + running.get().api(), DataDirectory.readToken(directory));
      String peerId = client.get("/swarm/v1/status").path("peerId").asText();
      if (!peerId.equals(running.get().peerId())) {
        throw new CommandException(
            ExitCode.NOT_RUNNING,
            "another node answers at "
                + running.get().api()
                + " (the one of "
                + directory
                + " is not running; start it with: waggle start)");
      }
      return client;
    } catch (DataException e) {
      throw new CommandException(ExitCode.FAILED, e.getMessage(), e);
    } catch (ConnectException e) {
      throw notRunning(directory);
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILED, "the node does not answer: " + e.getMessage(), e);
    }
  }

  private static CommandException notRunning(Path directory) {
    return new CommandException(
        ExitCode.NOT_RUNNING,
        "no node is running on " + directory + " (start one with: waggle start)");
  }

  JsonNode get(String path) throws CommandException, IOException, InterruptedException {
    return send(request(path).timeout(ANSWER_MAX).GET().build());
  }

  JsonNode post(String path, Map<String, ?> body)
      throws CommandException, IOException, InterruptedException {
    return send(request(path).timeout(ANSWER_MAX).POST(content(body)).build());
  }

  /** Sends a text, which is YAML or JSON. */
  JsonNode postText(String path, String text)
      throws CommandException, IOException, InterruptedException {
    return send(
        request(path)
            .timeout(ANSWER_MAX)
            .POST(HttpRequest.BodyPublishers.ofString(text, StandardCharsets.UTF_8))
            .build());
  }

  /** Sends bytes that are no text. */
  JsonNode postBytes(String path, byte[] bytes)
      throws CommandException, IOException, InterruptedException {
    return send(
        request(path)
            .setHeader("content-type", "application/octet-stream")
            .timeout(ANSWER_MAX)
            .POST(HttpRequest.BodyPublishers.ofByteArray(bytes))
            .build());
  }

  /** Server-sent events as they come, until there are no more; what breaks off is gone on with. */
  Stream<JsonNode> events(String path) throws CommandException, IOException, InterruptedException {
    HttpResponse<Stream<String>> response =
        http.send(
            request(path).header("accept", "text/event-stream").GET().build(),
            HttpResponse.BodyHandlers.ofLines());
    if (response.statusCode() / 100 != 2) {
      throw failed(
          response.body().collect(Collectors.joining("\n")).getBytes(StandardCharsets.UTF_8));
    }
    return response.body().filter(line -> line.startsWith(EVENT)).map(NodeClient::event);
  }

  private static JsonNode event(String line) {
    try {
      return JSON.readTree(line.substring(EVENT.length()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes what is there into a file. */
  void download(String path, Path file) throws CommandException, IOException, InterruptedException {
    HttpResponse<byte[]> response =
        http.send(
            request(path).timeout(ANSWER_MAX).GET().build(),
            HttpResponse.BodyHandlers.ofByteArray());
    if (response.statusCode() / 100 != 2) {
      throw failed(response.body());
    }
    Files.write(file, response.body());
  }

  JsonNode delete(String path) throws CommandException, IOException, InterruptedException {
    return send(request(path).timeout(ANSWER_MAX).DELETE().build());
  }

  /** Sends a request whose answer is read as it comes. */
  HttpResponse<InputStream> stream(String path, Map<String, ?> body)
      throws CommandException, IOException, InterruptedException {
    HttpResponse<InputStream> response =
        http.send(
            request(path).POST(content(body)).build(), HttpResponse.BodyHandlers.ofInputStream());
    if (response.statusCode() / 100 != 2) {
      throw failed(response.body().readAllBytes());
    }
    return response;
  }

  /** Asks for long work, which tells how far it has come until its result is there. */
  JsonNode follow(String path, ProgressBar progress)
      throws CommandException, IOException, InterruptedException {
    return follow(request(path).GET(), progress);
  }

  /** Orders long work, which tells how far it has come until its result is there. */
  JsonNode follow(String path, Map<String, ?> body, ProgressBar progress)
      throws CommandException, IOException, InterruptedException {
    return follow(request(path).POST(content(body)), progress);
  }

  private JsonNode follow(HttpRequest.Builder request, ProgressBar progress)
      throws CommandException, IOException, InterruptedException {
    HttpResponse<InputStream> response =
        http.send(
            request.header("accept", "application/x-ndjson").build(),
            HttpResponse.BodyHandlers.ofInputStream());
    if (response.statusCode() / 100 != 2) {
      throw failed(response.body().readAllBytes());
    }
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      String line;
      while ((line = lines.readLine()) != null) {
        JsonNode said = JSON.readTree(line);
        if (said.has("result")) {
          return said.path("result");
        }
        if (said.has("error")) {
          throw failed(line.getBytes(StandardCharsets.UTF_8));
        }
        progress.at(said.path("checked").asLong(), said.path("total").asLong());
      }
    }
    throw new IOException("the node stopped in the middle");
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(base + path))
        .header("authorization", "Bearer " + token)
        .header("content-type", "application/json");
  }

  private static HttpRequest.BodyPublisher content(Map<String, ?> body) throws IOException {
    return HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body));
  }

  private JsonNode send(HttpRequest request)
      throws CommandException, IOException, InterruptedException {
    HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
    if (response.statusCode() / 100 != 2) {
      throw failed(response.body());
    }
    return JSON.readTree(response.body());
  }

  private static CommandException failed(byte[] body) throws IOException {
    JsonNode message = JSON.readTree(body).path("error").path("message");
    return new CommandException(ExitCode.FAILED, message.asText("the node refused"));
  }
}
