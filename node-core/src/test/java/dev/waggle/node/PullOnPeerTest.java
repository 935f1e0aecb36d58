package dev.waggle.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.node.config.Setting;
import dev.waggle.worker.fake.FakeOllama;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Models that one node orders at another, over the API of the first. */
@Timeout(60)
class PullOnPeerTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private @TempDir Path directory;
  private FakeOllama far;
  private Node working;
  private Node strict;
  private Node asking;

  private Builder node(String name, Optional<URI> ollama) {
    Builder node =
        Node.builder()
            .with(Setting.SANDBOX_MODE, "off")
            .dataDirectory(directory.resolve(name))
            .name(name)
            .api("127.0.0.1:0")
            .listen("/ip4/127.0.0.1/tcp/0")
            .mdns(false)
            .with(Setting.LLAMA, false)
            .with(Setting.OWNER_POWER, false);
    return ollama.map(node::ollama).orElseGet(() -> node.with(Setting.OLLAMA, false));
  }

  @BeforeEach
  void open() throws Exception {
    far = new FakeOllama();
    working =
        node("working", Optional.of(far.address()))
            .with(Setting.OWNER_ALLOW_PULL, true)
            .with(Setting.OLLAMA_STORE, directory.resolve("store").toString())
            .start();
    strict = node("strict", Optional.of(far.address())).start();
    asking = node("asking", Optional.empty()).start();
    for (Node each : List.of(strict, asking)) {
      Invite invite = Invite.parse(working.invite(InviteTerms.MEMBER, Duration.ofHours(1)).token());
      each.join(invite).get(20, TimeUnit.SECONDS);
    }
    await()
        .until(
            () -> asking.swarm().peers().peers().stream().filter(p -> p.connected()).count() == 2);
  }

  @AfterEach
  void close() {
    asking.close();
    strict.close();
    working.close();
    far.close();
  }

  private HttpRequest request(String model, String on, String accept) throws Exception {
    String token = Files.readString(directory.resolve("asking/api.token")).strip();
    return HttpRequest.newBuilder(
            URI.create("http://" + asking.self().api() + "/swarm/v1/models/pull"))
        .header("content-type", "application/json")
        .header("accept", accept)
        .header("authorization", "Bearer " + token)
        .POST(
            HttpRequest.BodyPublishers.ofString(
                JSON.createObjectNode().put("model", model).put("on", on).toString()))
        .build();
  }

  private HttpResponse<String> pull(String model, String on) throws Exception {
    return HTTP.send(request(model, on, "application/json"), HttpResponse.BodyHandlers.ofString());
  }

  private boolean isOffered(String model) {
    return asking.swarm().peers().peer(working.peerId()).stream()
        .flatMap(peer -> peer.capability().stream())
        .flatMap(capability -> capability.models().stream())
        .anyMatch(offer -> offer.name().equals(model));
  }

  @Test
  void modelOrderedAtAnotherNode_isPulledThere_andOffered() throws Exception {
    far.pullSlowly();
    HttpResponse<String> told =
        HTTP.send(
            request("new:1b", "working", "application/x-ndjson"),
            HttpResponse.BodyHandlers.ofString());
    List<String> lines = told.body().lines().toList();
    assertThat(lines).as("how far it is").anyMatch(line -> line.contains("\"total\":1000"));
    JsonNode result = JSON.readTree(lines.get(lines.size() - 1)).path("result");
    assertThat(result.path("node").asText()).as(told.body()).isEqualTo("working");
    assertThat(result.path("peerId").asText()).isEqualTo(working.peerId().toString());
    await().until(() -> isOffered("new:1b"));
  }

  @Test
  void ownerWhoSaysNothing_allowsNothing() throws Exception {
    HttpResponse<String> refused = pull("new:1b", "strict");
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("strict").contains("owner.allow-pull");
    working.pause(Optional.empty());
    assertThat(pull("new:1b", "working").statusCode()).as("it is paused").isEqualTo(403);
  }

  @Test
  void modelsThatLeaveTheMachine_orAreOfAnotherHost_areRefused() throws Exception {
    assertThat(pull("huge:cloud", "working").statusCode()).isEqualTo(400);
    HttpResponse<String> elsewhere = pull("evil.example/library/m:1b", "working");
    assertThat(elsewhere.statusCode()).isEqualTo(400);
    assertThat(elsewhere.body()).contains("registry");
    HttpResponse<String> remote = pull(FakeOllama.REMOTE, "working");
    assertThat(remote.statusCode()).as(remote.body()).isEqualTo(400);
    assertThat(far.has(FakeOllama.REMOTE)).as("what was pulled of it is gone again").isFalse();
  }

  @Test
  void whatTheRegistryDoesNotHave_andWhoIsNotThere_areNamed() throws Exception {
    HttpResponse<String> missing = pull("missing:1b", "working");
    assertThat(missing.statusCode()).isEqualTo(502);
    assertThat(missing.body()).contains("working").contains("file does not exist");
    assertThat(pull("new:1b", "nobody").statusCode()).isEqualTo(400);
    working.close();
    await().until(() -> pull("new:1b", "working").body().contains("not connected"));
  }

  @Test
  void clientThatGoesAway_endsThePullAtTheOtherNode() throws Exception {
    far.pullWithoutEnd();
    HttpResponse<InputStream> response =
        HTTP.send(
            request("new:1b", "working", "application/x-ndjson"),
            HttpResponse.BodyHandlers.ofInputStream());
    await().until(() -> far.pulling() == 1);
    assertThat(response.body().read()).isPositive();
    response.body().close();
    await().until(() -> far.pulling() == 0);
    assertThat(far.has("new:1b")).isFalse();
    far.heal();
    await().until(() -> pull("new:1b", "working").statusCode() == 200);
  }
}
