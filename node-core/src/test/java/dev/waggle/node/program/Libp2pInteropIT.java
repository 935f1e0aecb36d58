package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code libp2p serve} and {@code libp2p dial} with themselves and with js-libp2p, both ways. */
@Timeout(240)
class Libp2pInteropIT {
  private static final String TOPIC = "bees";
  private static final String SEED = "07".repeat(32);
  private static final String POLYFILL = "--import=./polyfill.mjs";

  private static @TempDir Path directory;
  private static NpmProject js;
  private static Program program;

  private final List<Process> processes = new ArrayList<>();

  @BeforeAll
  static void install() throws Exception {
    js = NpmProject.install("libp2p-js", directory);
    program = new Program(directory);
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (Process process : processes) {
      process.destroy();
      process.waitFor(10, TimeUnit.SECONDS);
      process.destroyForcibly();
    }
  }

  /** A running host, its address, and where it writes what it hears. */
  private record Serving(String address, Path output) {
    List<String> heard() throws IOException {
      return Files.readAllLines(output).stream().filter(line -> line.contains("\"text\"")).toList();
    }
  }

  private Serving serveJava(String... more) throws Exception {
    Path ready = Files.createTempDirectory(directory, "serve").resolve("ready.json");
    Path output = ready.resolveSibling("out");
    List<String> command = new ArrayList<>(Program.command());
    command.addAll(List.of("libp2p", "serve", "--topic", TOPIC, "--ready-file"));
    command.add(ready.toString());
    command.addAll(List.of(more));
    processes.add(
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start());
    await().atMost(20, TimeUnit.SECONDS).until(() -> Files.exists(ready));
    JsonNode said = Program.JSON.readTree(Files.readString(ready));
    return new Serving(said.path("listen").path(0).asText(), output);
  }

  private Serving serveJs(String... role) throws Exception {
    Path output = Files.createTempFile(directory, "serve", ".out");
    processes.add(
        js.script(
                Stream.concat(Stream.of(POLYFILL, "serve.mjs", TOPIC), Stream.of(role))
                    .toArray(String[]::new))
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start());
    await().atMost(20, TimeUnit.SECONDS).until(() -> Files.size(output) > 0);
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(output), StandardCharsets.UTF_8))) {
      JsonNode said = Program.JSON.readTree(lines.readLine());
      return new Serving(said.path("listen").path(0).asText(), output);
    }
  }

  private static JsonNode dial(Serving serving, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("libp2p", "dial", serving.address()));
    all.addAll(List.of(arguments));
    all.add("--json");
    Program.Ended ended = program.run(all.toArray(String[]::new));
    assertThat(ended.exitCode()).as(ended.err()).isZero();
    return ended.json();
  }

  private static void useEverything(Serving serving, String agent) throws Exception {
    assertThat(dial(serving, "ping", "--count", "2").path("roundTripMs")).hasSize(2);
    JsonNode identified = dial(serving, "identify");
    assertThat(identified.path("agent").asText()).startsWith(agent);
    assertThat(identified.path("peerId").asText())
        .isEqualTo(serving.address().replaceAll(".*/p2p/", ""));
    assertThat(identified.path("protocols").toString()).contains("/ipfs/ping/1.0.0");
    assertThat(dial(serving, "echo", "buzz", "buzz").path("echo").asText()).isEqualTo("buzz buzz");
    dial(serving, "publish", TOPIC, "to the north");
    await().until(() -> serving.heard().size() == 1);
    assertThat(serving.heard().get(0)).contains("to the north");
  }

  @Test
  void javaWithJava() throws Exception {
    Serving serving = serveJava();
    useEverything(serving, "waggle/");
    JsonNode perf = dial(serving, "perf", "--upload", "3000001", "--download", "5000003");
    assertThat(perf.path("uploadBytes").asLong()).isEqualTo(3_000_001);
    assertThat(perf.path("downloadSeconds").asDouble()).isPositive();
    // The seed decides the name.
    assertThat(serveJava("--key-seed", SEED).address().replaceAll(".*/p2p/", ""))
        .isEqualTo(serveJava("--key-seed", SEED).address().replaceAll(".*/p2p/", ""));
  }

  @Test
  void javaDialsJs() throws Exception {
    Serving serving = serveJs();
    useEverything(serving, "js-libp2p/");
    JsonNode perf = dial(serving, "perf", "--upload", "2000003", "--download", "3000001");
    assertThat(perf.path("downloadBytes").asLong()).isEqualTo(3_000_001);
  }

  @Test
  void jsMeetsJs_throughAJavaRelay() throws Exception {
    assertThat(js.run(POLYFILL, "relay.mjs", serveJava("--relay").address())).contains("ok");
  }

  @Test
  void javaReachesJs_throughAJavaRelay() throws Exception {
    Serving hidden = serveJs(serveJava("--relay").address());
    assertThat(hidden.address()).contains("/p2p-circuit/p2p/");
    assertThat(dial(hidden, "ping", "--count", "2").path("roundTripMs")).hasSize(2);
    assertThat(dial(hidden, "echo", "buzz").path("echo").asText()).isEqualTo("buzz");
  }

  @Test
  void javaReachesJava_throughAJsRelay_whichIsToldOfIt() throws Exception {
    Serving relay = serveJs("relay");
    Serving hidden = serveJava("--listen", relay.address() + "/p2p-circuit");
    assertThat(hidden.address()).startsWith(relay.address() + "/p2p-circuit/p2p/");
    assertThat(dial(hidden, "ping", "--count", "2").path("roundTripMs")).hasSize(2);
    assertThat(dial(hidden, "echo", "buzz").path("echo").asText()).isEqualTo("buzz");
    // Identify push with a signed record: the relay knows the new address.
    await()
        .until(
            () ->
                Files.readAllLines(relay.output()).stream()
                    .anyMatch(line -> line.contains("update") && line.contains("p2p-circuit")));
  }

  @Test
  void jsDialsJava() throws Exception {
    Serving serving = serveJava();
    String said = js.run(POLYFILL, "dial.mjs", serving.address(), TOPIC, "to the south");
    assertThat(said).contains("ok");
    await().until(() -> serving.heard().size() == 1);
    assertThat(serving.heard().get(0)).contains("to the south");
  }

  @Test
  void jsTalksWithJs_throughJava() throws Exception {
    Serving serving = serveJava();
    assertThat(js.run(POLYFILL, "gossip.mjs", serving.address(), TOPIC)).contains("ok");
    await().until(() -> serving.heard().size() == 5);
  }

  @Test
  void mistakes_areNamed() throws Exception {
    Program.Ended nowhere = program.run("libp2p", "dial", "nowhere", "ping");
    assertThat(nowhere.exitCode()).isEqualTo(2);
    assertThat(nowhere.err()).contains("\"nowhere\" is no libp2p address");
    Serving serving = serveJava();
    String other =
        serving
            .address()
            .replaceAll("/p2p/.*", "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
    Program.Ended wrong = program.run("libp2p", "dial", other, "ping");
    assertThat(wrong.exitCode()).isEqualTo(1);
    assertThat(wrong.err()).contains("another peer answers there");
    Program.Ended unheard =
        program.run("libp2p", "dial", serving.address(), "publish", "nothing", "x");
    assertThat(unheard.exitCode()).isEqualTo(1);
    assertThat(unheard.err()).contains("not subscribed to \"nothing\"");
  }
}
