package dev.waggle.node.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.node.process.NodeProcess;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What the demo asks nodes and engines over HTTP, the way any client would. */
final class DemoApi {
  private static final Duration CALL_MAX = Duration.ofSeconds(30);
  private static final Duration CONNECT_MAX = Duration.ofSeconds(1);
  private static final String EVENT = "data: ";

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_MAX)
          .build();
  private final ObjectMapper json = new ObjectMapper();

  /** Who gave an answer, and what it was. */
  record Answer(String node, String task, String text) {}

  JsonNode get(NodeProcess node, String path) throws IOException, InterruptedException {
    return send(request(node, path).GET().build());
  }

  JsonNode post(NodeProcess node, String path, Map<String, ?> body)
      throws IOException, InterruptedException {
    return send(request(node, path).POST(content(body)).build());
  }

  /** Asks a node's OpenAI endpoint, telling each piece of the answer as it comes. */
  Answer chat(NodeProcess node, String model, String prompt, Consumer<String> onText)
      throws IOException, InterruptedException {
    Map<String, ?> body =
        Map.of(
            "model",
            model,
            "stream",
            true,
            "temperature",
            0,
            "max_tokens",
            24,
            "messages",
            new Object[] {Map.of("role", "user", "content", prompt)});
    HttpResponse<Stream<String>> response =
        client.send(
            request(node, "/v1/chat/completions").POST(content(body)).build(),
            HttpResponse.BodyHandlers.ofLines());
    StringBuilder text = new StringBuilder();
    boolean complete = false;
    try (Stream<String> lines = response.body()) {
      if (response.statusCode() != 200) {
        throw new IOException(
            "chat answered " + response.statusCode() + ": " + lines.findFirst().orElse(""));
      }
      for (String line : (Iterable<String>) lines::iterator) {
        if (line.equals(EVENT + "[DONE]")) {
          complete = true;
        } else if (line.startsWith(EVENT)) {
          JsonNode event = json.readTree(line.substring(EVENT.length()));
          if (event.has("error")) {
            throw new IOException("the answer broke off: " + event.path("error").path("message"));
          }
          String piece = event.path("choices").path(0).path("delta").path("content").asText("");
          if (!piece.isEmpty()) {
            text.append(piece);
            onText.accept(piece);
          }
        }
      }
    }
    if (!complete) {
      throw new IOException("the answer was cut off before its end");
    }
    String task = response.headers().firstValue("x-waggle-task").orElse("");
    return new Answer(answeredBy(node, task), task, text.toString());
  }

  /** Headers go out before it is known where nobody has a place at once; the story knows it. */
  private String answeredBy(NodeProcess node, String task)
      throws IOException, InterruptedException {
    String worker = "";
    for (JsonNode event :
        send(request(node, "/swarm/v1/tasks/" + task).GET().build()).path("events")) {
      if (event.path("what").asText().equals("done")) {
        worker = event.path("peerId").asText();
      }
    }
    return worker;
  }

  private HttpRequest.Builder request(NodeProcess node, String path) throws IOException {
    return HttpRequest.newBuilder(node.ready().api().resolve(path))
        .timeout(CALL_MAX)
        .header("authorization", "Bearer " + node.token())
        .header("content-type", "application/json");
  }

  private HttpRequest.BodyPublisher content(Map<String, ?> body) throws IOException {
    return HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body));
  }

  private JsonNode send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() / 100 != 2) {
      throw new IOException(
          request.method()
              + " "
              + request.uri().getPath()
              + " answered "
              + response.statusCode()
              + ": "
              + response.body());
    }
    return json.readTree(response.body());
  }
}
