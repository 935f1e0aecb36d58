package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeOllama;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Streams through a node to two others, each at the end of a link that is cut or slow meanwhile.
 * Each stream carries a pattern of its own, so that a piece of another, a repetition or a gap would
 * show. Runs in the namespaces of {@code two-links.sh}; {@link LinksIT} starts it.
 */
final class LinkChaos implements AutoCloseable {
  private static final String MODEL = FakeOllama.MODEL;
  private static final int STREAMS = 12;
  private static final int PIECES = 250;
  private static final int PIECES_BEFORE_HARM = 40;
  private static final long STREAM_SECONDS_MAX = 90;
  private static final Duration PIECE = Duration.ofMillis(10);
  private static final Duration SETTLED_MAX = Duration.ofSeconds(90);

  private final String script;
  private final Path directory;
  private final List<FakeOllama> engines = new ArrayList<>();
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final ExecutorService clients = Executors.newFixedThreadPool(STREAMS);
  private final NodeProcess asking;

  private LinkChaos(String script, Path directory) throws Exception {
    this.script = script;
    this.directory = directory;
    // Nothing of it goes over the engines' links.
    this.asking =
        node("asking", List.of(), "/ip4/10.8.1.1/tcp/0", "/ip4/10.8.2.1/tcp/0", "--no-ollama");
    for (int n = 1; n <= 2; n++) {
      FakeOllama engine = new FakeOllama(new InetSocketAddress("10.9." + n + ".1", 0));
      engine.pace(new FakeOllama.Pace(Duration.ZERO, Duration.ZERO, PIECE));
      engines.add(engine);
      String name = "w" + n;
      Files.createDirectories(directory.resolve(name));
      Files.writeString(
          directory.resolve(name).resolve("config.toml"),
          "[ollama]\naddress = \""
              + engine.address().getAuthority()
              + "\"\n[worker]\nslots = 16\nslots-per-model = 16\nqueue = 64\n");
      List<String> there = List.of("ip", "netns", "exec", name);
      NodeProcess worker = node(name, there, "/ip4/10.8." + n + ".2/tcp/0");
      join(worker, there);
    }
  }

  /** Starts the scenario: the script, and where to put everything. */
  public static void main(String[] arguments) throws Exception {
    try (LinkChaos chaos = new LinkChaos(arguments[0], Path.of(arguments[1]))) {
      chaos.run();
    }
    System.out.println("done");
  }

  private NodeProcess node(String name, List<String> prefix, String... arguments) throws Exception {
    List<String> program = new ArrayList<>(prefix);
    program.addAll(Program.command());
    List<String> all =
        new ArrayList<>(
            List.of("--name", name, "--no-llama", "--no-power-policy", "--sandbox", "off"));
    for (String each : arguments) {
      all.addAll(each.startsWith("/") ? List.of("--listen", each) : List.of(each));
    }
    NodeProcess node = NodeProcess.start(program, directory.resolve(name), all);
    nodes.add(node);
    return node;
  }

  private void join(NodeProcess worker, List<String> prefix) throws Exception {
    HttpResponse<String> invite =
        Program.HTTP.send(
            Program.request(asking, "/swarm/v1/invites")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    List<String> command = new ArrayList<>(prefix);
    command.addAll(Program.command());
    command.addAll(List.of("join", Program.JSON.readTree(invite.body()).path("token").asText()));
    command.addAll(List.of("--data-dir", worker.dataDirectory().toString()));
    Process joining = new ProcessBuilder(command).inheritIO().start();
    assertThat(joining.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(joining.exitValue()).isZero();
  }

  private void link(String what, String worker) throws Exception {
    Process process = new ProcessBuilder("sh", script, what, worker).inheritIO().start();
    assertThat(process.waitFor()).isZero();
  }

  private long resumable() throws Exception {
    long resumable = 0;
    for (JsonNode peer : Program.get(asking, "/swarm/v1/peers").path("peers")) {
      for (JsonNode model : peer.path("models")) {
        boolean is = model.path("name").asText().equals(MODEL);
        boolean ready = peer.path("connected").asBoolean() && model.path("resumable").asBoolean();
        resumable += is && ready ? 1 : 0;
      }
    }
    return resumable;
  }

  private void run() throws Exception {
    awaitBoth();
    link("slow", "w1");
    round("slow", () -> {});
    awaitBoth();
    round("slow-and-cut", () -> link("cut", "w2"));
    link("heal", "w1");
    link("heal", "w2");
    awaitTrusted();
    for (FakeOllama engine : engines) {
      await().atMost(SETTLED_MAX).until(() -> engine.chatting() == 0);
    }
    Process verify =
        new ProcessBuilder(
                Program.java(),
                "-jar",
                Program.jar(),
                "ledger",
                "verify",
                "--data-dir",
                asking.dataDirectory().toString())
            .inheritIO()
            .start();
    assertThat(verify.waitFor()).isZero();
  }

  private void awaitBoth() {
    await().atMost(SETTLED_MAX).until(() -> resumable() == 2);
  }

  /** Whoever lost many streams at once gets none for a while, and then first a single one. */
  private void awaitTrusted() {
    awaitBoth();
    CountDownLatch nobody = new CountDownLatch(0);
    AtomicInteger asked = new AtomicInteger();
    await()
        .atMost(SETTLED_MAX)
        .until(
            () -> {
              List<Future<Read>> few = new ArrayList<>();
              for (int i = 0; i < STREAMS; i++) {
                // What was asked before goes where it was answered, because that is warm.
                String name = "again" + asked.getAndIncrement();
                few.add(clients.submit(() -> read(name, nobody)));
              }
              Set<String> workers = new HashSet<>();
              for (Future<Read> each : few) {
                workers.add(each.get(STREAM_SECONDS_MAX, TimeUnit.SECONDS).worker());
              }
              return workers.size() == 2;
            });
  }

  /** What happens to the links while all streams run. */
  private interface Harm {
    void happen() throws Exception;
  }

  private void round(String name, Harm harm) throws Exception {
    CountDownLatch under = new CountDownLatch(STREAMS);
    List<Future<Read>> streams = new ArrayList<>();
    long begun = System.nanoTime();
    for (int i = 0; i < STREAMS; i++) {
      String pattern = name + i;
      streams.add(clients.submit(() -> read(pattern, under)));
    }
    assertThat(under.await(STREAM_SECONDS_MAX, TimeUnit.SECONDS)).as("all began").isTrue();
    long heard = engines.stream().filter(engine -> engine.chatting() > 0).count();
    harm.happen();
    int resumed = 0;
    for (Future<Read> each : streams) {
      resumed += each.get(STREAM_SECONDS_MAX, TimeUnit.SECONDS).resumed() ? 1 : 0;
    }
    System.out.printf(
        "%s: %d streams whole, on %d workers, %d of them went on elsewhere, %.1f s%n",
        name, STREAMS, heard, resumed, (System.nanoTime() - begun) / 1e9);
  }

  /**
   * How a stream came.
   *
   * @param worker who began it
   * @param resumed whether another went on with it
   */
  private record Read(String worker, boolean resumed) {}

  /** Reads one stream to its end, which has to be a good one. */
  private Read read(String name, CountDownLatch under) throws Exception {
    HttpResponse<InputStream> response =
        Program.HTTP.send(
            Program.request(asking, "/v1/chat/completions")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"model\":\""
                            + MODEL
                            + "\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":"
                            + "\"pattern "
                            + name
                            + " "
                            + PIECES
                            + "\"}]}"))
                .build(),
            HttpResponse.BodyHandlers.ofInputStream());
    StringBuilder text = new StringBuilder();
    String last = "";
    int seen = 0;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("data: ")) {
          last = line.substring("data: ".length());
        }
        if (line.startsWith("data: {")) {
          JsonNode event = Program.JSON.readTree(last);
          assertThat(event.has("error")).as("%s: %s", name, last).isFalse();
          text.append(event.path("choices").path(0).path("delta").path("content").asText(""));
          if (++seen == PIECES_BEFORE_HARM) {
            under.countDown();
          }
        }
      }
    }
    String whole =
        IntStream.range(0, PIECES)
            .mapToObj(i -> name + "-" + i + " ")
            .collect(Collectors.joining());
    assertThat(text).hasToString(whole);
    assertThat(last).isEqualTo("[DONE]");
    String task = response.headers().firstValue("x-waggle-task").orElse("");
    String story = Program.get(asking, "/swarm/v1/tasks/" + task).toString();
    return new Read(
        response.headers().firstValue("x-waggle-node").orElse(""), story.contains("\"resumed\""));
  }

  @Override
  public void close() {
    clients.shutdownNow();
    nodes.parallelStream().forEach(NodeProcess::close);
    engines.forEach(FakeOllama::close);
  }
}
