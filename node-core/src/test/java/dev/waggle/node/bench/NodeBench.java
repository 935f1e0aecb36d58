package dev.waggle.node.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeOllama;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Prints how long a node takes to start, how much memory it holds when idle, and what it adds to
 * the time of an answer, against calling the engine directly in the same run.
 *
 * <p>Arguments: node.jar, then the homes of the JDKs to measure.
 */
public final class NodeBench {
  private static final int STARTS = 5;
  private static final int IDLE_SECONDS = 10;
  private static final int WARM_UP = 2_000;
  private static final int REQUESTS = 500;
  private static final double MEGA = 1e6;

  private final Path jar;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ObjectMapper json = new ObjectMapper();

  private NodeBench(Path jar) {
    this.jar = jar;
  }

  public static void main(String[] arguments) throws Exception {
    NodeBench bench = new NodeBench(Path.of(arguments[0]));
    System.out.printf("jar: %.1f MB%n", Files.size(bench.jar) / MEGA);
    for (String home : Arrays.asList(arguments).subList(1, arguments.length)) {
      List<String> program = List.of(home + "/bin/java", "-jar", arguments[0]);
      System.out.printf("%n%s%n", home.replaceAll(".*/", ""));
      bench.measureStart(program);
      bench.measureLatency(program);
    }
    System.exit(0);
  }

  private void measureStart(List<String> program) throws Exception {
    List<Long> starts = new ArrayList<>();
    long resident = 0;
    try (Scratch directory = new Scratch()) {
      for (int i = 0; i <= STARTS; i++) {
        try (NodeProcess node = NodeProcess.start(program, directory.resolve("node"), List.of())) {
          if (i > 0) {
            starts.add(node.startTime().toNanos()); // The first makes keys and databases.
          }
          if (i == STARTS) {
            TimeUnit.SECONDS.sleep(IDLE_SECONDS);
            resident = Resident.bytes(node);
          }
        }
      }
    }
    System.out.printf(
        "  start to ready: p50 %.0f ms of %d; resident after %d s idle: %.0f MB%n",
        percentile(starts, 50) / 1e6, STARTS, IDLE_SECONDS, resident / MEGA);
  }

  /** When the first piece and the end of an answer came, in nanoseconds after the request. */
  private record Times(long first, long last) {}

  private static final class Route {
    final String name;
    final URI address;
    final List<Long> first = new ArrayList<>();
    final List<Long> last = new ArrayList<>();

    Route(String name, URI address) {
      this.name = name;
      this.address = address;
    }
  }

  private void measureLatency(List<String> program) throws Exception {
    try (Scratch directory = new Scratch();
        FakeOllama ollama = new FakeOllama()) {
      Path working = Files.createDirectories(directory.resolve("working"));
      Files.writeString(
          working.resolve("config.toml"),
          "[ollama]\naddress = \"" + ollama.address().getAuthority() + "\"\n");
      try (NodeProcess worker =
              NodeProcess.start(
                  program, working, List.of("--sandbox", "off", "--no-power-policy"));
          NodeProcess asking =
              NodeProcess.start(
                  program,
                  directory.resolve("asking"),
                  List.of("--sandbox", "off", "--no-ollama"))) {
        String token = post(worker, "/swarm/v1/invites", Map.of());
        post(asking, "/swarm/v1/join", Map.of("token", token));
        while (!get(asking, "/v1/models").contains(FakeOllama.MODEL)) {
          TimeUnit.MILLISECONDS.sleep(100);
        }
        List<Route> paths =
            List.of(
                new Route("engine directly", ollama.address().resolve("/api/chat")),
                new Route("local path", worker.ready().api().resolve("/v1/chat/completions")),
                new Route("remote path", asking.ready().api().resolve("/v1/chat/completions")));
        for (int i = 0; i < WARM_UP + REQUESTS; i++) {
          for (Route path : paths) {
            Times times = ask(path.address);
            if (i >= WARM_UP) {
              path.first.add(times.first());
              path.last.add(times.last());
            }
          }
        }
        print(paths);
      }
    }
  }

  private static void print(List<Route> paths) {
    Route direct = paths.get(0);
    for (Route path : paths) {
      System.out.printf(
          "  %-15s first byte p50 %.2f ms, p99 %.2f ms; last byte p50 %.2f ms, p99 %.2f ms%n",
          path.name,
          percentile(path.first, 50) / 1e6,
          percentile(path.first, 99) / 1e6,
          percentile(path.last, 50) / 1e6,
          percentile(path.last, 99) / 1e6);
      if (path != direct) {
        System.out.printf(
            "  %-15s added to the first byte: p50 %.2f ms; to the last: p50 %.2f ms%n",
            "",
            (percentile(path.first, 50) - percentile(direct.first, 50)) / 1e6,
            (percentile(path.last, 50) - percentile(direct.last, 50)) / 1e6);
      }
    }
  }

  private static long percentile(List<Long> values, int percent) {
    List<Long> sorted = values.stream().sorted().toList();
    return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
  }

  private Times ask(URI address) throws IOException, InterruptedException {
    String body =
        "{\"model\":\""
            + FakeOllama.MODEL
            + "\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
    long begin = System.nanoTime();
    HttpResponse<InputStream> response =
        http.send(
            HttpRequest.newBuilder(address)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofInputStream());
    long first = 0;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      String line;
      while ((line = lines.readLine()) != null) {
        if (first == 0 && line.contains(FakeOllama.ANSWER.get(0))) {
          first = System.nanoTime() - begin;
        }
      }
    }
    if (response.statusCode() != 200 || first == 0) {
      throw new IOException(address + " answered " + response.statusCode());
    }
    return new Times(first, System.nanoTime() - begin);
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

  private String get(NodeProcess node, String path) throws Exception {
    return http.send(request(node, path).build(), HttpResponse.BodyHandlers.ofString()).body();
  }

  private static HttpRequest.Builder request(NodeProcess node, String path) throws IOException {
    return HttpRequest.newBuilder(node.ready().api().resolve(path))
        .header("content-type", "application/json")
        .header("authorization", "Bearer " + node.token());
  }
}
