package dev.waggle.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waggle.mesh.swarm.capability.Wanted;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.node.config.Setting;
import dev.waggle.worker.fake.FakeOllama;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What users of one node ask for is ready at one of the two others. */
@Timeout(120)
class ReadyModelsTest {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private @TempDir Path directory;
  private final List<FakeOllama> engines = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();
  private Node asking;

  private Node node(String name, Optional<FakeOllama> ollama) throws Exception {
    Builder node =
        Node.builder()
            .with(Setting.SANDBOX_MODE, "off")
            .dataDirectory(directory.resolve(name))
            .name(name)
            .api("127.0.0.1:0")
            .listen("/ip4/127.0.0.1/tcp/0")
            .mdns(false)
            .with(Setting.LLAMA, false)
            .with(Setting.PROBE_MODELS, false)
            .with(Setting.OWNER_POWER, false);
    ollama.ifPresentOrElse(
        engine -> node.ollama(engine.address()), () -> node.with(Setting.OLLAMA, false));
    Node started = node.start();
    nodes.add(started);
    return started;
  }

  @BeforeEach
  void open() throws Exception {
    asking = node("asking", Optional.empty());
    for (String name : List.of("one", "other")) {
      FakeOllama engine = new FakeOllama();
      engines.add(engine);
      Invite invite = Invite.parse(asking.invite(InviteTerms.MEMBER, Duration.ofHours(1)).token());
      node(name, Optional.of(engine)).join(invite).get(20, TimeUnit.SECONDS);
    }
    await().until(() -> copies(false) == 2);
  }

  @AfterEach
  void close() {
    nodes.forEach(Node::close);
    engines.forEach(FakeOllama::close);
  }

  /** On how many nodes the model is, or is in memory, as adverts have it. */
  private long copies(boolean loaded) {
    return asking.swarm().peers().peers().stream()
        .flatMap(peer -> peer.capability().stream())
        .flatMap(capability -> capability.models().stream())
        .filter(model -> model.name().equals(FakeOllama.CAPABLE))
        .filter(model -> model.loaded() || !loaded)
        .count();
  }

  private long loads() {
    return engines.stream()
        .flatMap(engine -> engine.loads().stream())
        .filter(load -> load.path("model").asText().equals(FakeOllama.CAPABLE))
        .count();
  }

  private void ask() throws Exception {
    String body =
        "{\"model\":\""
            + FakeOllama.CAPABLE
            + "\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    HttpResponse<String> answer =
        HTTP.send(
            HttpRequest.newBuilder(
                    URI.create("http://" + asking.self().api() + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  @Test
  void wantedModel_isLoadedAheadAtExactlyOneNode_andKeptThere() throws Exception {
    for (int i = 0; i < 3; i++) {
      ask();
    }
    assertThat(asking.capability().wanted()).containsExactly(new Wanted(FakeOllama.CAPABLE, 3));
    assertThat(loads()).as("the requests themselves loaded it").isZero();
    engines.forEach(FakeOllama::unloadAll);
    await().atMost(Duration.ofSeconds(60)).until(() -> loads() == 1 && copies(true) == 1);
    // Rounds later it is still the only one.
    await()
        .during(Duration.ofSeconds(6))
        .atMost(Duration.ofSeconds(30))
        .until(() -> loads() == 1 && copies(true) == 1);
    engines.forEach(engine -> engine.endSoon(FakeOllama.CAPABLE));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                engines.stream()
                        .flatMap(engine -> engine.loads().stream())
                        .filter(load -> load.path("keep_alive").asInt() == 300)
                        .count()
                    == 1);
    assertThat(copies(true)).isEqualTo(1);
  }
}
