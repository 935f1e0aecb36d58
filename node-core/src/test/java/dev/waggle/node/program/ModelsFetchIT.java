package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeModelStore;
import dev.waggle.worker.fake.FakeOllama;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Copies of a model between real processes over TCP, from store to store on disk. */
@Timeout(120)
class ModelsFetchIT {
  private static final String MODEL = "bees:1b";
  private static final byte[] WEIGHTS = FakeModelStore.weights((20 << 20) + 77, 12);

  private @TempDir Path directory;
  private final List<AutoCloseable> open = new ArrayList<>();
  private Program program;

  @BeforeEach
  void start() {
    program = new Program(directory);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    program.close();
  }

  private FakeModelStore store(String name) throws Exception {
    FakeModelStore store = new FakeModelStore(directory.resolve(name + "-ollama"));
    store.add("own-" + name + ":1b", FakeModelStore.weights(9, 1));
    FakeOllama ollama = new FakeOllama();
    open.add(ollama);
    ollama.use(store);
    Path data = Files.createDirectories(directory.resolve(name));
    Files.writeString(
        data.resolve("config.toml"),
        "[ollama]\naddress = \""
            + ollama.address().getAuthority()
            + "\"\nmodels = '"
            + store.root()
            + "'\n");
    return store;
  }

  private void configure(String name, String toml) throws Exception {
    Path file = directory.resolve(name).resolve("config.toml");
    Files.writeString(file, Files.readString(file) + toml);
  }

  private NodeProcess node(String name) throws Exception {
    NodeProcess node =
        NodeProcess.start(
            Program.command(),
            directory.resolve(name),
            List.of("--name", name, "--no-llama", "--no-power-policy", "--sandbox", "off"));
    open.add(0, node);
    return node;
  }

  private static long unfinished(NodeProcess node) throws Exception {
    try (Stream<Path> files = Files.list(node.dataDirectory().resolve("transfers"))) {
      return files.count();
    }
  }

  private static HttpRequest fetch(NodeProcess node) throws Exception {
    return Program.request(node, "/swarm/v1/models/fetch")
        .header("accept", "application/x-ndjson")
        .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"" + MODEL + "\"}"))
        .build();
  }

  @Test
  void modelOfTwoNodes_isCopiedFromBoth_andOfferedByTheThird() throws Exception {
    List<NodeProcess> having = new ArrayList<>();
    for (String name : List.of("one", "two")) {
      store(name).add(MODEL, WEIGHTS);
      configure(name, "[transfer]\nbytes-per-second = 12000000\n");
    }
    configure("two", "[owner]\nallow-pull = true\n");
    FakeModelStore store = store("asking");
    NodeProcess asking = node("asking");
    for (String name : List.of("one", "two")) {
      having.add(node(name));
      program.join(having.get(having.size() - 1), asking);
    }
    await().until(() -> Program.offering(asking, MODEL) == 2);

    assertThat(program.at(asking, "models").out()).contains(MODEL).contains("one");
    Program.Ended missing = program.at(asking, "models", "fetch", "wasps:1b", "--from", "swarm");
    assertThat(missing.exitCode()).isEqualTo(1);
    assertThat(missing.err()).contains("no connected member offers it");

    JsonNode fetched =
        program.at(asking, "models", "fetch", MODEL, "--from", "swarm", "--json").json();
    assertThat(fetched.path("localDigest")).isEqualTo(fetched.path("digest"));
    assertThat(fetched.path("sources").findValuesAsText("name"))
        .containsExactlyInAnyOrder("one", "two");
    assertThat(store.weights(MODEL)).isEqualTo(WEIGHTS);
    assertThat(unfinished(asking)).isZero();
    await()
        .untilAsserted(
            () ->
                assertThat(
                        Program.get(asking, "/swarm/v1/status")
                            .path("models")
                            .findValuesAsText("name"))
                    .contains(MODEL));
    Program.Ended refused = program.at(asking, "models", "pull", "new:1b", "--on", "one");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("one").contains("owner.allow-pull");
    Program.Ended pulled = program.at(asking, "models", "pull", "new:1b", "--on", "two");
    assertThat(pulled.out()).as(pulled.err()).contains("new:1b is on two now");
    await().until(() -> Program.offering(asking, "new:1b") == 1);
    Program.Ended again = program.at(asking, "models", "fetch", MODEL, "--from", "one");
    assertThat(again.out()).contains("nothing had to be fetched");
  }

  @Test
  void nodeKilledInTheMiddle_goesOnWhereItStopped() throws Exception {
    store("having").add(MODEL, WEIGHTS);
    FakeModelStore store = store("asking");
    configure("asking", "[transfer]\nbytes-per-second = 4000000\n");
    NodeProcess having = node("having");
    NodeProcess asking = node("asking");
    program.join(asking, having);
    await().until(() -> Program.offering(asking, MODEL) == 1);

    HttpResponse<InputStream> response =
        Program.HTTP.send(fetch(asking), HttpResponse.BodyHandlers.ofInputStream());
    long before = 0;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      while (before < 4 << 20) {
        JsonNode line = Program.JSON.readTree(lines.readLine());
        assertThat(line.has("checked")).as(line.toString()).isTrue();
        before = line.path("checked").asLong();
      }
      asking.kill();
    }
    assertThat(store.models()).doesNotContainKey(MODEL);
    assertThat(unfinished(asking)).isPositive();

    NodeProcess again = node("asking");
    await().until(() -> Program.offering(again, MODEL) == 1);
    JsonNode fetched = program.at(again, "models", "fetch", MODEL, "--json").json();
    long bytes = fetched.path("sources").path(0).path("bytes").asLong();
    assertThat(bytes).isPositive().isLessThanOrEqualTo(WEIGHTS.length - (3L << 20));
    assertThat(store.weights(MODEL)).isEqualTo(WEIGHTS);
    assertThat(unfinished(again)).isZero();
  }

  @Test
  void sourceKilledInTheMiddle_isReplacedByTheOther() throws Exception {
    for (String name : List.of("one", "two")) {
      store(name).add(MODEL, WEIGHTS);
      configure(name, "[transfer]\nbytes-per-second = 2000000\n");
    }
    FakeModelStore store = store("asking");
    NodeProcess asking = node("asking");
    NodeProcess one = node("one");
    NodeProcess two = node("two");
    program.join(one, asking);
    program.join(two, asking);
    await().until(() -> Program.offering(asking, MODEL) == 2);
    HttpResponse<InputStream> response =
        Program.HTTP.send(fetch(asking), HttpResponse.BodyHandlers.ofInputStream());
    JsonNode line = Program.JSON.createObjectNode();
    boolean killed = false;
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      while (!line.has("result")) {
        line = Program.JSON.readTree(lines.readLine());
        assertThat(line.has("error")).as(line.toString()).isFalse();
        if (!killed && line.path("checked").asLong() > 6 << 20) {
          killed = true;
          one.kill();
        }
      }
    }
    assertThat(killed).isTrue();
    assertThat(line.path("result").path("sources").findValuesAsText("name")).contains("two");
    assertThat(store.weights(MODEL)).isEqualTo(WEIGHTS);
  }

  @Test
  void ownerWhoDoesNotShare_givesNothing() throws Exception {
    store("having").add(MODEL, WEIGHTS);
    configure("having", "[owner]\nshare-models = false\n");
    store("asking");
    NodeProcess having = node("having");
    NodeProcess asking = node("asking");
    program.join(asking, having);
    await().until(() -> Program.offering(asking, MODEL) == 1);
    Program.Ended refused = program.at(asking, "models", "fetch", MODEL, "--from", "having");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("its owner does not share that");
  }
}
