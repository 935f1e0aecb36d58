package dev.waggle.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.node.config.Setting;
import dev.waggle.worker.fake.FakeModelStore;
import dev.waggle.worker.fake.FakeOllama;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The API of copies, at one of two nodes in this process. */
@Timeout(60)
class ModelCopyTest {
  private static final String MODEL = "bees:1b";
  private static final byte[] WEIGHTS = FakeModelStore.weights((6 << 20) + 5, 5);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private @TempDir Path directory;
  private FakeOllama having;
  private FakeOllama asking;
  private FakeModelStore copies;
  private Node source;
  private Node target;

  private Builder node(String name, FakeOllama ollama, FakeModelStore store) {
    return Node.builder()
        .with(Setting.SANDBOX_MODE, "off")
        .dataDirectory(directory.resolve(name))
        .name(name)
        .api("127.0.0.1:0")
        .listen("/ip4/127.0.0.1/tcp/0")
        .mdns(false)
        .ollama(ollama.address())
        .with(Setting.OLLAMA_STORE, store.root().toString())
        .with(Setting.OWNER_POWER, false);
  }

  @BeforeEach
  void open() throws Exception {
    having = new FakeOllama();
    asking = new FakeOllama();
    FakeModelStore originals = new FakeModelStore(directory.resolve("originals"));
    originals.add(MODEL, WEIGHTS);
    having.use(originals);
    copies = new FakeModelStore(directory.resolve("copies"));
    copies.add("other:1b", FakeModelStore.weights(3, 3));
    asking.use(copies);
    Files.createDirectories(directory.resolve("source/models"));
    Files.write(directory.resolve("source/models/tiny.gguf"), WEIGHTS);
    source = node("source", having, originals).start();
    target = node("target", asking, copies).with(Setting.TRANSFER_RATE, 2 << 20).start();
    Invite invite = Invite.parse(source.invite(InviteTerms.MEMBER, Duration.ofHours(1)).token());
    target.join(invite).get(20, TimeUnit.SECONDS);
    await()
        .until(
            () ->
                target.swarm().peers().peers().stream()
                    .flatMap(peer -> peer.capability().stream())
                    .flatMap(capability -> capability.models().stream())
                    .anyMatch(model -> model.name().equals(MODEL)));
  }

  @AfterEach
  void close() {
    target.close();
    source.close();
    asking.close();
    having.close();
  }

  private HttpRequest.Builder fetch(String body) throws Exception {
    String token = Files.readString(directory.resolve("target/api.token")).strip();
    return HttpRequest.newBuilder(
            URI.create("http://" + target.self().api() + "/swarm/v1/models/fetch"))
        .header("content-type", "application/json")
        .header("authorization", "Bearer " + token)
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<InputStream> follow() throws Exception {
    return HTTP.send(
        fetch("{\"model\":\"" + MODEL + "\",\"from\":\"source\"}")
            .header("accept", "application/x-ndjson")
            .build(),
        HttpResponse.BodyHandlers.ofInputStream());
  }

  private static BufferedReader lines(HttpResponse<InputStream> response) {
    return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  @Test
  void copy_tellsHowFarItIs_andThenWhatItCameTo() throws Exception {
    HttpResponse<InputStream> response = follow();
    assertThat(response.headers().firstValue("content-type")).contains("application/x-ndjson");
    long checked = 0;
    JsonNode line;
    try (BufferedReader lines = lines(response)) {
      line = JSON.readTree(lines.readLine());
      while (line.has("checked")) {
        assertThat(line.path("checked").asLong()).isGreaterThanOrEqualTo(checked);
        checked = line.path("checked").asLong();
        assertThat(line.path("total").asLong()).isGreaterThan(WEIGHTS.length);
        line = JSON.readTree(lines.readLine());
      }
    }
    JsonNode result = line.path("result");
    assertThat(result.path("engine").asText()).as(line.toString()).isEqualTo("ollama");
    assertThat(result.path("sources").path(0).path("name").asText()).isEqualTo("source");
    assertThat(checked).isPositive();
    assertThat(copies.weights(MODEL)).isEqualTo(WEIGHTS);
  }

  @Test
  void ggufFile_goesIntoTheFolder_andIsOffered() throws Exception {
    JsonNode result = JSON.readTree(send(fetch("{\"model\":\"tiny\",\"from\":\"source\"}")).body());
    assertThat(result.path("engine").asText()).as(result.toString()).isEqualTo("llama.cpp");
    assertThat(directory.resolve("target/models/tiny.gguf")).hasBinaryContent(WEIGHTS);
    await()
        .until(
            () ->
                target.capability().models().stream()
                    .anyMatch(
                        model ->
                            model.name().equals("tiny")
                                && model.digest().equals(result.path("digest").asText())));
  }

  @Test
  void clientThatGoesAway_endsTheCopy_andTheNextGoesOn() throws Exception {
    try (BufferedReader lines = lines(follow())) {
      assertThat(lines.readLine()).contains("checked");
      HttpResponse<String> second = send(fetch("{\"model\":\"" + MODEL + "\"}"));
      assertThat(second.statusCode()).isEqualTo(503);
      assertThat(second.body()).contains("is being fetched");
    }
    await().until(() -> send(fetch("{\"model\":\"wasps:1b\"}")).statusCode() == 404);
    assertThat(copies.models()).as("it was not brought to its end").doesNotContainKey(MODEL);
    HttpResponse<String> next = send(fetch("{\"model\":\"" + MODEL + "\"}"));
    assertThat(next.statusCode()).isEqualTo(200);
    assertThat(copies.weights(MODEL)).isEqualTo(WEIGHTS);
  }

  @Test
  void requestsThatCannotBe_areRefused() throws Exception {
    assertThat(send(fetch("{}")).statusCode()).isEqualTo(400);
    assertThat(send(fetch("{\"model\":\"x\",\"from\":\"nobody\"}")).statusCode()).isEqualTo(400);
    assertThat(send(fetch("{\"model\":\"wasps:1b\"}")).statusCode()).isEqualTo(404);
    HttpRequest.Builder stranger = fetch("{\"model\":\"" + MODEL + "\"}");
    assertThat(send(stranger.setHeader("authorization", "Bearer x")).statusCode()).isEqualTo(401);
    assertThat(copies.models()).doesNotContainKey(MODEL);
  }
}
