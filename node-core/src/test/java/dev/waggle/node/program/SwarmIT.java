package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeServer.Fault;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Swarms of two and three real processes over TCP; what runs models is a fake Ollama. */
@Timeout(120)
class SwarmIT {
  private @TempDir Path directory;
  private FakeOllama first;
  private FakeOllama second;
  private Program program;

  @BeforeEach
  void start() throws Exception {
    first = new FakeOllama();
    second = new FakeOllama();
    program = new Program(directory);
  }

  @AfterEach
  void stop() {
    program.close();
    first.close();
    second.close();
  }

  private static String node(HttpResponse<?> response) {
    return response.headers().firstValue("x-waggle-node").orElse("");
  }

  @Test
  void chatAtOneNode_isAnsweredByTheOther_andBothHaveTheReceipt() throws Exception {
    NodeProcess asking = program.start("asking", Optional.empty());
    NodeProcess working = program.start("working", Optional.of(first.address()));
    program.join(working, asking);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);

    HttpResponse<String> response = Program.ask(asking, FakeOllama.MODEL);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains(String.join("", FakeOllama.ANSWER));
    assertThat(node(response)).isEqualTo(working.ready().peerId());

    String task = response.headers().firstValue("x-waggle-task").orElse("");
    for (NodeProcess node : new NodeProcess[] {asking, working}) {
      await()
          .untilAsserted(
              () ->
                  assertThat(Program.get(node, "/swarm/v1/ledger").path("entries"))
                      .anyMatch(
                          entry ->
                              entry.path("type").asText().equals("receipt")
                                  && entry.path("task").asText().equals(task)));
      Program.Ended verified = program.at(node, "ledger", "verify", "--json");
      assertThat(verified.exitCode()).isZero();
      assertThat(verified.json().path("receipts").asInt()).isEqualTo(1);
    }
    String claimed = program.at(asking, "ledger", "list", "--type", "claim").out();
    assertThat(claimed).contains("promised by " + working.ready().peerId());
    String offered = program.at(working, "ledger", "list", "--type", "offer").out();
    assertThat(offered).contains("asked for by " + asking.ready().peerId());
    // The prompt is in neither ledger nor log.
    assertThat(program.at(asking, "ledger", "list", "--json").out()).doesNotContain("bees");
    Program.Ended chat = program.at(asking, "chat", "-m", FakeOllama.MODEL, "hello", "there");
    assertThat(chat.exitCode()).isZero();
    assertThat(chat.out())
        .contains(String.join("", FakeOllama.ANSWER))
        .contains(working.ready().peerId());
  }

  @Test
  void workerKilledBetweenRequests_isReplacedByTheThird() throws Exception {
    NodeProcess asking = program.start("asking", Optional.empty());
    NodeProcess one = program.start("one", Optional.of(first.address()));
    NodeProcess other = program.start("other", Optional.of(second.address()));
    program.join(one, asking);
    program.join(other, asking);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 2);
    String by = node(Program.ask(asking, FakeOllama.MODEL));
    NodeProcess killed = by.equals(one.ready().peerId()) ? one : other;
    NodeProcess left = killed == one ? other : one;
    killed.kill();
    HttpResponse<String> response = Program.ask(asking, FakeOllama.MODEL);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(node(response)).isEqualTo(left.ready().peerId());
    await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
  }

  @Test
  void workerKilledBeforeItsFirstByte_isReplacedUnseen() throws Exception {
    NodeProcess asking = program.start("asking", Optional.empty());
    NodeProcess one = program.start("one", Optional.of(first.address()));
    NodeProcess other = program.start("other", Optional.of(second.address()));
    program.join(one, asking);
    program.join(other, asking);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 2);
    first.fail(FakeOllama.MODEL, Fault.SILENCE);
    second.fail(FakeOllama.MODEL, Fault.SILENCE);
    var answer =
        Program.HTTP.sendAsync(
            Program.chat(asking, FakeOllama.MODEL, false), HttpResponse.BodyHandlers.ofString());
    await().until(() -> first.chatting() + second.chatting() == 1);
    NodeProcess killed = first.chatting() == 1 ? one : other;
    NodeProcess left = killed == one ? other : one;
    (killed == one ? second : first).heal();
    killed.kill();
    HttpResponse<String> response = answer.get();
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(node(response)).isEqualTo(left.ready().peerId());
    assertThat(Program.get(asking, "/swarm/v1/ledger").toString())
        .contains("\"type\":\"attempt\"")
        .contains(killed.ready().peerId());
  }

  @Test
  void workerKilledInTheMiddle_endsTheStreamWithAnError() throws Exception {
    NodeProcess asking = program.start("asking", Optional.empty());
    NodeProcess working = program.start("working", Optional.of(first.address()));
    program.join(working, asking);
    await().until(() -> Program.offering(asking, FakeOllama.ENDLESS) == 1);
    HttpResponse<InputStream> response =
        Program.HTTP.send(
            Program.chat(asking, FakeOllama.ENDLESS, true),
            HttpResponse.BodyHandlers.ofInputStream());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      readUntil(lines, "tick");
      working.kill();
      String error = readUntil(lines, "\"error\"");
      assertThat(error).contains("broke off");
      assertThat(lines.lines()).noneMatch(line -> line.contains("[DONE]"));
    }
  }

  private static String readUntil(BufferedReader lines, String text) throws Exception {
    String line = "";
    while (!line.contains(text)) {
      line = String.valueOf(lines.readLine());
    }
    return line;
  }

  @Test
  void clientThatGoesAway_stopsTheEngineOfAnotherNode() throws Exception {
    NodeProcess asking = program.start("asking", Optional.empty());
    NodeProcess working = program.start("working", Optional.of(first.address()));
    program.join(working, asking);
    await().until(() -> Program.offering(asking, FakeOllama.ENDLESS) == 1);
    HttpResponse<InputStream> response =
        Program.HTTP.send(
            Program.chat(asking, FakeOllama.ENDLESS, true),
            HttpResponse.BodyHandlers.ofInputStream());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      readUntil(lines, "tick");
      assertThat(first.chatting()).isEqualTo(1);
    }
    await().until(() -> first.chatting() == 0 && first.abandoned() == 1);
    await()
        .until(
            () ->
                Program.get(working, "/swarm/v1/status").path("worker").path("running").asInt()
                    == 0);
  }

  @Test
  void engineThatFailsBeforeItsFirstByte_isReplacedByAnotherNodes() throws Exception {
    NodeProcess asking = program.start("asking", Optional.empty());
    NodeProcess one = program.start("one", Optional.of(first.address()));
    NodeProcess other = program.start("other", Optional.of(second.address()));
    program.join(one, asking);
    program.join(other, asking);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 2);
    for (Fault fault : new Fault[] {Fault.OVERLOADED, Fault.SILENCE}) {
      first.fail(FakeOllama.MODEL, fault);
      second.heal();
      assertThat(node(Program.ask(asking, FakeOllama.MODEL))).isEqualTo(other.ready().peerId());
      first.heal();
      second.fail(FakeOllama.MODEL, fault);
      assertThat(node(Program.ask(asking, FakeOllama.MODEL))).isEqualTo(one.ready().peerId());
    }
  }

  @Test
  void nodeWithoutCertificate_getsNothing() throws Exception {
    NodeProcess working = program.start("working", Optional.of(first.address()));
    NodeProcess stranger =
        program.start("stranger", Optional.empty(), "--peer", working.ready().listen().get(0));
    await()
        .until(
            () ->
                Program.get(stranger, "/swarm/v1/peers")
                    .path("troubles")
                    .toString()
                    .contains("does not take this node for a member"));
    for (NodeProcess node : new NodeProcess[] {working, stranger}) {
      assertThat(Program.get(node, "/swarm/v1/peers").path("peers")).isEmpty();
    }
    HttpResponse<String> refused = Program.ask(stranger, FakeOllama.MODEL);
    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(first.chats()).isEmpty();
    assertThat(program.at(stranger, "doctor").out()).contains("does not take this node");
  }

  @Test
  void membersThatRestart_findEachOtherAgain() throws Exception {
    NodeProcess asking = program.start("asking", Optional.empty());
    NodeProcess working = program.start("working", Optional.of(first.address()));
    program.join(working, asking);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
    String id = working.ready().peerId();
    working.kill();
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 0);
    // It listens on another port now; it knows where the first one is.
    NodeProcess again = program.start("working", Optional.of(first.address()));
    assertThat(again.ready().peerId()).isEqualTo(id);
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
    assertThat(Program.ask(asking, FakeOllama.MODEL).statusCode()).isEqualTo(200);
  }

  @Test
  void peersMembersAndModels_areShown() throws Exception {
    NodeProcess asking = program.start("asking", Optional.empty());
    NodeProcess working = program.start("working", Optional.of(first.address()));
    program.join(working, asking);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
    JsonNode peer = program.at(asking, "peers", "--json").json().path("peers").path(0);
    assertThat(peer.path("name").asText()).isEqualTo("working");
    assertThat(peer.path("connected").asBoolean()).isTrue();
    assertThat(program.at(asking, "members").out())
        .contains("asking")
        .contains("working")
        .contains("admin");
    assertThat(program.at(asking, "models").out()).contains(FakeOllama.MODEL).contains("working");
    assertThat(program.at(asking, "status", "--json").json().path("members").asInt()).isEqualTo(2);
  }
}
