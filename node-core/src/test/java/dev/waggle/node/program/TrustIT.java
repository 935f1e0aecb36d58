package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.BrokenPromise;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.ledger.Work;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeModelStore;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeServer.Fault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who belongs, and who learns what, between real processes. */
@Timeout(120)
class TrustIT {
  private static final String CANARY = "canary-7f3a91";

  private @TempDir Path directory;
  private FakeOllama ollama;
  private Program program;

  @BeforeEach
  void start() throws Exception {
    ollama = new FakeOllama();
    program = new Program(directory);
  }

  @AfterEach
  void stop() {
    program.close();
    ollama.close();
  }

  @Test
  void revokedNode_getsNothingMore_andItsCommandsSayWhy() throws Exception {
    NodeProcess owner = program.start("owner", Optional.of(ollama.address()));
    NodeProcess friend = program.start("friend", Optional.empty());
    NodeProcess thief = program.start("thief", Optional.empty());
    program.join(friend, owner);
    program.join(thief, owner);
    await().until(() -> Program.offering(thief, FakeOllama.MODEL) == 1);
    assertThat(Program.ask(thief, FakeOllama.MODEL).statusCode()).isEqualTo(200);

    Program.Ended byMember = program.at(friend, "revoke", "thief");
    assertThat(byMember.exitCode()).isEqualTo(1);
    assertThat(byMember.err()).contains("no admin of the swarm");
    assertThat(program.at(owner, "revoke", "nobody").err()).contains("names no member");

    Program.Ended revoked = program.at(owner, "revoke", "thief", "--reason", "stolen");
    assertThat(revoked.exitCode()).as(revoked.err()).isZero();
    assertThat(revoked.out()).contains(thief.ready().peerId());
    await()
        .atMost(Duration.ofSeconds(2))
        .until(() -> Program.offering(thief, FakeOllama.MODEL) == 0);
    assertThat(Program.ask(thief, FakeOllama.MODEL).statusCode()).isEqualTo(404);
    await()
        .until(
            () ->
                Program.get(friend, "/swarm/v1/members")
                    .path("revoked")
                    .toString()
                    .contains("stolen"));
    await()
        .untilAsserted(
            () ->
                assertThat(program.at(thief, "status").out())
                    .contains("was revoked on")
                    .contains("stolen"));
    assertThat(program.at(owner, "ledger", "list").out()).contains("revoke");

    // It is still so when both have been started anew.
    owner.kill();
    NodeProcess again = program.start("owner", Optional.of(ollama.address()));
    JsonNode members = Program.get(again, "/swarm/v1/members");
    assertThat(members.path("revoked")).hasSize(1);
    assertThat(members.path("members").toString()).doesNotContain(thief.ready().peerId());
  }

  @Test
  void invite_isForOneRoleAndOnePeer_andShownAsQrCode() throws Exception {
    NodeProcess owner = program.start("owner", Optional.empty());
    NodeProcess friend = program.start("friend", Optional.empty());
    NodeProcess thief = program.start("thief", Optional.empty());
    String peer = friend.ready().peerId();
    Program.Ended shown = program.at(owner, "invite", "--role", "requester", "--for", peer);
    assertThat(shown.out()).startsWith(Invite.PREFIX).contains("▀").contains("█");
    String token = shown.out().lines().findFirst().orElseThrow();
    assertThat(program.at(thief, "join", token).err()).contains("the invite is for " + peer);
    assertThat(program.at(friend, "join", token).exitCode()).isZero();
    assertThat(Program.get(owner, "/swarm/v1/members").toString()).contains("\"requester\"");
    assertThat(program.at(owner, "invite", "--role", "boss").err()).contains("\"boss\"");
    assertThat(program.at(friend, "leave").exitCode()).isZero();
    await()
        .until(
            () ->
                Program.get(owner, "/swarm/v1/members")
                    .path("revoked")
                    .toString()
                    .contains("\"left\":true"));
    assertThat(program.at(owner, "leave").exitCode()).isZero();
  }

  @Test
  void labelledRequest_runsWhereItsLabelsAllow_orIsRefusedByName() throws Exception {
    NodeProcess working = program.start("working", Optional.of(ollama.address()));
    NodeProcess asking = program.start("asking", Optional.empty());
    program.join(asking, working);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);

    assertThat(labelled(asking, "team-a").err())
        .contains("this node does not hold")
        .contains("team-a");
    assertThat(program.at(working, "label", "asking", "team-a").out()).contains("holds team-a");
    await().until(() -> Program.get(asking, "/swarm/v1/members").toString().contains("team-a"));
    assertThat(labelled(asking, "team-a").err())
        .contains("working: it does not hold the label \"team-a\"");
    assertThat(program.at(asking, "label", "asking", "team-b").err()).contains("no admin");
    assertThat(program.at(working, "label", "working", "team-a", "owner:x").exitCode()).isZero();
    await()
        .untilAsserted(
            () -> assertThat(labelled(asking, "team-a").out()).contains(working.ready().peerId()));
    assertThat(labelled(asking, "lan-only").exitCode()).isZero();
    assertThat(labelled(asking, "owner:self").err()).contains("same person");
    assertThat(labelled(asking, "Team A").err()).contains("is no label");
    HttpResponse<String> refused =
        Program.HTTP.send(
            Program.chatRequest(asking, FakeOllama.MODEL, false)
                .header("x-waggle-labels", "team-a, team-b")
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("team-b");
    assertThat(program.at(working, "members").out()).contains("owner:x, team-a");
    await()
        .untilAsserted(
            () ->
                assertThat(program.at(working, "ledger", "list", "--json").out())
                    .contains("\"labels\":[\"team-a\"]"));
  }

  private Program.Ended labelled(NodeProcess at, String label) throws Exception {
    return program.at(at, "chat", "hi", "--model", FakeOllama.MODEL, "--label", label);
  }

  @Test
  void evidence_isCheckedByAnybody_withNothingButItsFile() throws Exception {
    NodeProcess node = program.start("node", Optional.empty());
    assertThat(program.at(node, "faults").out()).contains("no faults");
    assertThat(program.at(node, "faults", "forgive", "nobody").err()).contains("names no member");
    Path file = directory.resolve("evidence");
    assertThat(program.at(node, "faults", "export", "1", file.toString()).err())
        .contains("there is no fault 1");

    Identity worker = Identity.generate(new SecureRandom());
    PeerId requester = Identity.generate(new SecureRandom()).peerId();
    ClaimPromise promise =
        ClaimPromise.sign(
            worker,
            new byte[32],
            "t",
            "c",
            requester,
            Instant.EPOCH,
            new byte[32],
            "large:70b",
            "sha256:00");
    ReceiptBody body =
        new ReceiptBody(
            new byte[32],
            "t",
            "c",
            requester,
            worker.peerId(),
            "tiny:1b",
            "sha256:00",
            "",
            new Work(1, 2, 3, 4, Duration.ZERO, Duration.ZERO, Duration.ZERO, false, 0, 0, "stop"),
            Instant.EPOCH,
            Instant.EPOCH,
            new byte[32],
            List.of());
    byte[] bytes = new BrokenPromise(promise, Receipt.byWorker(body, worker)).bytes();
    Files.write(file, bytes);
    Program.Ended proved = program.run("faults", "verify", file.toString());
    assertThat(proved.exitCode()).isZero();
    assertThat(proved.out())
        .contains(worker.peerId().toString())
        .contains("the model was to be large:70b, and was tiny:1b");
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);
    assertThat(program.run("faults", "verify", file.toString()).exitCode()).isEqualTo(1);
    Files.writeString(file, "something else");
    assertThat(program.run("faults", "verify", file.toString()).err()).contains("no evidence");
  }

  @Test
  void ownersRuleAboutLabels_isAdvertised_andKept() throws Exception {
    NodeProcess choosy =
        program.startWith(
            "[owner]\nlabels = [\"never repo:acme/*\"]\n", "choosy", Optional.of(ollama.address()));
    NodeProcess asking = program.start("asking", Optional.empty());
    program.join(asking, choosy);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
    assertThat(labelled(asking, "repo:acme/shop").err())
        .contains("choosy: its owner's rule is \"never repo:acme/*\"");
    assertThat(labelled(asking, "repo:other").exitCode()).isZero();
    assertThat(labelled(choosy, "repo:acme/shop").exitCode()).isZero();
  }

  @Test
  void pausedNode_runsNothingOfOthers_overARestart_untilItIsResumed() throws Exception {
    NodeProcess working = program.start("working", Optional.of(ollama.address()));
    NodeProcess asking = program.start("asking", Optional.empty());
    program.join(asking, working);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
    assertThat(program.at(working, "pause").out()).contains("waggle resume");
    assertThat(program.at(working, "ledger", "list").out()).contains("paused until it is resumed");
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 0);
    assertThat(Program.ask(asking, FakeOllama.MODEL).statusCode()).isEqualTo(404);
    assertThat(Program.ask(working, FakeOllama.MODEL).statusCode())
        .as("the owner's own")
        .isEqualTo(200);
    working.kill();
    NodeProcess again = program.start("working", Optional.of(ollama.address()));
    assertThat(program.at(again, "status").out()).contains("its owner has paused it");
    assertThat(program.at(again, "resume").out()).contains("works for others");
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
    assertThat(Program.ask(asking, FakeOllama.MODEL).statusCode()).isEqualTo(200);
    Program.Ended paused = program.at(again, "pause", "--for", "1h", "--json");
    assertThat(paused.json().path("pausedUntil").asText()).startsWith("20");
    assertThat(program.at(again, "pause", "--for", "soon").exitCode()).isEqualTo(2);
  }

  @Test
  void ownerKey_leavesTheNode_andComesBack() throws Exception {
    NodeProcess owner = program.start("owner", Optional.empty());
    Path file = program.directory("owner.key");
    Path passphrase = program.directory("passphrase");
    Files.writeString(passphrase, "a passphrase of some words\n");
    Files.setPosixFilePermissions(
        passphrase, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    String[] with = {"--other-passphrase-file", passphrase.toString()};
    assertThat(program.at(owner, "owner", "export", file.toString(), with[0], with[1]).exitCode())
        .isZero();
    assertThat(program.at(owner, "owner", "forget").exitCode()).isZero();
    assertThat(program.at(owner, "invite", "--role", "admin").err())
        .contains("only the swarm's owner makes admins");
    assertThat(program.at(owner, "owner", "import", file.toString(), with[0], with[1]).exitCode())
        .isZero();
    assertThat(program.at(owner, "invite", "--role", "admin").exitCode()).isZero();
    assertThat(program.at(owner, "keys", "lock", with[0], with[1]).err()).contains("is in use");
  }

  @Test
  void nothingSaid_isReadableOnTheWay_orOnDisk() throws Exception {
    NodeProcess working =
        program.start("working", Optional.of(ollama.address()), "--sandbox", "process");
    NodeProcess asking = program.start("asking", Optional.empty());
    try (RecordingProxy proxy = before(working)) {
      join(asking, working, proxy);
      await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
      runCode(asking);
      int before = proxy.recorded().length;
      HttpResponse<String> answer = say(asking);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body()).contains("five 🐝");
      ollama.fail(FakeOllama.MODEL, Fault.ERROR_MID_STREAM);
      assertThat(say(asking).statusCode()).isGreaterThanOrEqualTo(500);
      String metrics =
          Program.HTTP
              .send(
                  Program.request(asking, "/metrics").build(), HttpResponse.BodyHandlers.ofString())
              .body();
      assertThat(metrics).contains("waggle").doesNotContain(CANARY);

      byte[] seen = proxy.recorded();
      assertThat(seen.length).as("the task went through the proxy").isGreaterThan(before + 4_096);
      assertNothingOf(seen, "the network");
    }
    working.close();
    asking.close();
    try (Stream<Path> files = Files.walk(directory)) {
      files
          .filter(Files::isRegularFile)
          .filter(file -> !file.getFileName().toString().startsWith("command"))
          // Jobs and their results are kept by who submitted them, for him to read.
          .filter(file -> !(file.startsWith(directory.resolve("asking")) && isOfJobs(file)))
          .forEach(
              file -> {
                try {
                  assertNothingOf(Files.readAllBytes(file), file.toString());
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }

  private static boolean isOfJobs(Path file) {
    return file.endsWith("jobs.mv.db") || file.toString().contains("/artifacts/");
  }

  /** A script that has the canary, reads it, says it as output and as an error, and leaves it. */
  private static void runCode(NodeProcess asking) throws Exception {
    await()
        .atMost(Duration.ofMinutes(3))
        .until(
            () ->
                Program.get(asking, "/swarm/v1/peers")
                    .path("peers")
                    .path(0)
                    .path("code")
                    .has("shell"));
    String job =
        Program.JSON
            .createObjectNode()
            .put("kind", "run")
            .put("language", "shell")
            .put("source", "cat; echo " + CANARY + " | tee out >&2; exit 3")
            .put("stdin", CANARY)
            .put("collect", "out")
            .toString();
    String id =
        Program.JSON
            .readTree(
                Program.HTTP
                    .send(
                        Program.request(asking, "/swarm/v1/jobs")
                            .POST(HttpRequest.BodyPublishers.ofString(job))
                            .build(),
                        HttpResponse.BodyHandlers.ofString())
                    .body())
            .path("job")
            .asText();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> Program.get(asking, "/swarm/v1/jobs/" + id).path("failed").asInt() == 1);
    JsonNode result =
        Program.get(asking, "/swarm/v1/jobs/" + id + "/tasks").path("tasks").path(0).path("result");
    assertThat(result.path("stdout").asText()).isEqualTo(CANARY);
    assertThat(result.path("artifacts")).hasSize(1);
  }

  /** What passes connections on to a node. */
  private static RecordingProxy before(NodeProcess node) throws IOException {
    Multiaddr listening = Multiaddr.parse(node.ready().listen().get(0));
    return new RecordingProxy(
        new InetSocketAddress(
            InetAddress.getLoopbackAddress(),
            listening.withoutPeerId().tcp().orElseThrow().getPort()));
  }

  private void join(NodeProcess joiner, NodeProcess issuer, RecordingProxy through)
      throws Exception {
    Invite invite =
        Invite.parse(program.at(issuer, "invite", "--json").json().path("token").asText());
    Invite detour =
        new Invite(
            invite.swarm(),
            invite.issuer(),
            List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/" + through.port())),
            invite.secret(),
            invite.expiry(),
            invite.bound());
    assertThat(program.at(joiner, "join", detour.token()).exitCode()).isZero();
  }

  @Test
  void modelCopiedBetweenNodes_isNotReadableOnTheWay() throws Exception {
    String model = "bees:1b";
    byte[] canaries = CANARY.getBytes(StandardCharsets.UTF_8);
    byte[] weights = FakeModelStore.weights((3 << 20) + 11, 4);
    // In every block, and at its beginning and end.
    for (int at = 0; at + canaries.length < weights.length; at += 1 << 16) {
      System.arraycopy(canaries, 0, weights, at, canaries.length);
    }
    FakeModelStore originals = new FakeModelStore(directory.resolve("originals"));
    originals.add(model, weights);
    ollama.use(originals);
    FakeModelStore copies = new FakeModelStore(directory.resolve("copies"));
    try (FakeOllama second = new FakeOllama()) {
      second.use(copies);
      NodeProcess working =
          program.startWith(
              "models = '" + originals.root() + "'\n", "working", Optional.of(ollama.address()));
      NodeProcess asking =
          program.startWith(
              "models = '" + copies.root() + "'\n", "asking", Optional.of(second.address()));
      try (RecordingProxy proxy = before(working)) {
        join(asking, working, proxy);
        await().until(() -> Program.offering(asking, model) == 1);
        Program.Ended fetched = program.at(asking, "models", "fetch", model, "--from", "working");
        assertThat(fetched.exitCode()).as(fetched.err()).isZero();
        assertThat(copies.weights(model)).isEqualTo(weights);
        byte[] seen = proxy.recorded();
        assertThat(seen.length)
            .as("the model went through the proxy")
            .isGreaterThan(weights.length);
        assertNothingOf(seen, "the network");
        assertThat(new String(seen, StandardCharsets.ISO_8859_1))
            .as("nor what is asked for")
            .doesNotContain(model);
      }
    }
  }

  private static HttpResponse<String> say(NodeProcess node) throws Exception {
    String body =
        "{\"model\":\""
            + FakeOllama.MODEL
            + "\",\"stop\":[\""
            + CANARY
            + "\"],\"messages\":[{\"role\":\"user\",\"content\":\"say "
            + CANARY
            + "\"}]}";
    return Program.HTTP.send(
        Program.request(node, "/v1/chat/completions")
            .POST(HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Neither what was asked nor what was answered. */
  private static void assertNothingOf(byte[] bytes, String where) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String answered =
        new String("five 🐝".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    assertThat(text.contains(CANARY) || text.contains(answered)).as(where).isFalse();
  }
}
