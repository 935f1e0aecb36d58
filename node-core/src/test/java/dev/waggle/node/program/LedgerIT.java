package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeOllama;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the ledger of a real process is worth. */
@Timeout(120)
class LedgerIT {
  private static final int CLIENTS = 4;
  private static final int ANSWERS_BEFORE_KILL = 40;

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

  private NodeProcess node() throws Exception {
    NodeProcess node = program.start("node", Optional.of(ollama.address()));
    await().until(() -> !Program.get(node, "/v1/models").path("data").isEmpty());
    return node;
  }

  @Test
  void nodeKilledDuringTraffic_losesNoAnswerThatAClientHas_andItsLedgerVerifies() throws Exception {
    NodeProcess node = node();
    Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    CompletableFuture<?>[] clients = new CompletableFuture<?>[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
      clients[i] = CompletableFuture.runAsync(() -> askUntilItIsGone(node, acknowledged));
    }
    await().atMost(60, TimeUnit.SECONDS).until(() -> acknowledged.size() >= ANSWERS_BEFORE_KILL);
    node.kill();
    CompletableFuture.allOf(clients).get(30, TimeUnit.SECONDS);

    Program.Ended offline = program.at(node, "ledger", "verify", "--json");
    assertThat(offline.err()).isEmpty();
    assertThat(offline.exitCode()).isZero();
    assertThat(offline.json().path("receipts").asInt()).isGreaterThanOrEqualTo(acknowledged.size());

    NodeProcess again = node();
    Set<String> recorded = ConcurrentHashMap.newKeySet();
    for (JsonNode entry : Program.get(again, "/swarm/v1/ledger").path("entries")) {
      recorded.add(entry.path("task").asText());
    }
    assertThat(recorded).containsAll(acknowledged);
    assertThat(Program.ask(again, FakeOllama.MODEL).statusCode()).isEqualTo(200);
    assertThat(program.at(again, "ledger", "verify").exitCode()).isZero();
  }

  private static void askUntilItIsGone(NodeProcess node, Set<String> acknowledged) {
    try {
      while (true) {
        HttpResponse<String> response = Program.ask(node, FakeOllama.MODEL);
        if (response.statusCode() == 200) {
          acknowledged.add(response.headers().firstValue("x-waggle-task").orElseThrow());
        }
      }
    } catch (IOException e) {
      // It was killed.
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void receipt_isCheckedWithNothingButItsFile_andItsRecordIsCosigned() throws Exception {
    NodeProcess working = node();
    NodeProcess asking = program.start("asking", Optional.empty());
    program.join(asking, working);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
    HttpResponse<String> answer = Program.ask(asking, FakeOllama.MODEL);
    String task = answer.headers().firstValue("x-waggle-task").orElseThrow();
    await()
        .atMost(30, TimeUnit.SECONDS)
        .until(
            () -> {
              JsonNode ledger = Program.get(asking, "/swarm/v1/status").path("ledger");
              return ledger.path("cosignedEntries").asLong() == ledger.path("entries").asLong();
            });
    Path file = directory.resolve("receipt.json");
    Program.Ended exported = program.at(asking, "receipt", "export", task, file.toString());
    assertThat(exported.exitCode()).as(exported.err()).isZero();
    assertThat(program.at(asking, "receipt", "export", task, file.toString()).err())
        .contains("is there already");
    assertThat(program.at(asking, "receipt", "export", "0123", "x").err())
        .contains("has no receipt");
    asking.close();
    working.close();

    Program.Ended good = program.run("receipt", "verify", file.toString());
    assertThat(good.exitCode()).as(good.err()).isZero();
    assertThat(good.out())
        .contains(task)
        .contains("worker     " + working.ready().peerId())
        .contains("of the record of " + asking.ready().peerId())
        .contains("seen so by " + working.ready().peerId());
    String text = Files.readString(file);
    Files.writeString(file, text.replace("\"payload\" : \"", "\"payload\" : \"AAAA"));
    assertThat(program.run("receipt", "verify", file.toString()).err()).contains("payload");
    Files.writeString(
        file, text.replaceFirst("(?s)\"inclusion\" : \\[[^]]*\\]", "\"inclusion\" : []"));
    assertThat(program.run("receipt", "verify", file.toString()).err())
        .contains("not in the record");
    Files.writeString(file, "{}");
    assertThat(program.run("receipt", "verify", file.toString()).err()).contains("format");
  }

  @Test
  void exportedRecord_isCheckedElsewhere_andListedByWhatItIs() throws Exception {
    NodeProcess node = node();
    for (int i = 0; i < 3; i++) {
      assertThat(Program.ask(node, FakeOllama.MODEL).statusCode()).isEqualTo(200);
    }
    JsonNode listed = program.at(node, "ledger", "list", "--type", "receipt", "--json").json();
    assertThat(listed.path("entries")).hasSize(3);
    assertThat(program.at(node, "ledger", "list", "--task", "none").out()).doesNotContain("tokens");
    Path file = directory.resolve("record.jsonl");
    assertThat(program.at(node, "ledger", "export", file.toString()).exitCode()).isZero();
    assertThat(program.at(node, "ledger", "statement", "--csv").out()).startsWith("name,peer_id");
    node.close();
    Program.Ended good = program.run("ledger", "verify", file.toString());
    assertThat(good.out())
        .contains("of " + node.ready().peerId() + " is whole: 4 entries, 3 receipts");

    List<String> lines = Files.readAllLines(file);
    List<String> shorter = new ArrayList<>(lines);
    shorter.remove(4);
    Files.write(file, shorter);
    assertThat(program.run("ledger", "verify", file.toString()).out())
        .contains("NOT whole: entry 3")
        .contains("over 4 entries");
    List<String> swapped = new ArrayList<>(lines);
    Collections.swap(swapped, 2, 3);
    Files.write(file, swapped);
    assertThat(program.run("ledger", "verify", file.toString()).out())
        .contains("NOT whole: entry 2");
    Files.writeString(file, "nonsense");
    assertThat(program.run("ledger", "verify", file.toString()).exitCode()).isEqualTo(1);
  }

  @Test
  void memberRecord_isVerifiedOverTheNetwork_andImportedForAnAudit() throws Exception {
    NodeProcess working = node();
    NodeProcess asking = program.start("asking", Optional.empty());
    program.join(asking, working);
    await().until(() -> Program.offering(asking, FakeOllama.MODEL) == 1);
    assertThat(Program.ask(asking, FakeOllama.MODEL).statusCode()).isEqualTo(200);
    String worker = working.ready().peerId();
    await()
        .atMost(30, TimeUnit.SECONDS)
        .untilAsserted(
            () ->
                assertThat(program.at(asking, "ledger", "list", "--type", "checkpoint").out())
                    .contains(worker));
    assertThat(program.at(asking, "ledger", "verify", "--peer", worker).out())
        .contains("the ledger of " + worker + " is whole");
    assertThat(program.at(asking, "ledger", "verify", "--peer", "nobody").err())
        .contains("names no member");

    Path file = directory.resolve("record.jsonl");
    assertThat(program.at(working, "ledger", "export", file.toString()).exitCode()).isZero();
    assertThat(program.at(asking, "ledger", "list", "--of", worker).err())
        .contains("ledger import");
    Program.Ended imported = program.at(asking, "ledger", "import", file.toString());
    assertThat(imported.out()).as(imported.err()).contains("as this node cosigned them");
    assertThat(program.at(asking, "ledger", "list", "--of", worker, "--type", "result").out())
        .contains("by " + worker);
    assertThat(program.at(asking, "ledger", "statement", "--of", worker).out())
        .contains(asking.ready().peerId());

    List<String> lines = Files.readAllLines(file);
    Files.write(file, lines.subList(0, lines.size() - 1));
    assertThat(program.at(asking, "ledger", "import", file.toString()).err())
        .contains("was not imported");
    working.close();
    assertThat(program.at(asking, "ledger", "verify", "--peer", worker).err())
        .contains("cannot be checked");
  }

  @Test
  void copyOfARunningLedger_isWhole_andForgottenPayloadsLeaveItSo() throws Exception {
    NodeProcess node = node();
    assertThat(Program.ask(node, FakeOllama.MODEL).statusCode()).isEqualTo(200);
    assertThat(Program.get(node, "/swarm/v1/status").path("ledger").path("bytes").asLong())
        .isPositive();
    Path zip = directory.resolve("copy.zip");
    assertThat(program.at(node, "ledger", "backup", zip.toString()).exitCode()).isZero();
    assertThat(program.at(node, "ledger", "backup", zip.toString()).err())
        .contains("is there already");
    assertThat(program.at(node, "ledger", "forget", "--before", "yesterday").exitCode())
        .isEqualTo(2);
    assertThat(program.at(node, "ledger", "forget", "--before", "2100-01-01").out())
        .contains("forgot 2 payloads");
    assertThat(program.at(node, "ledger", "list").out()).contains("(forgotten)").contains("forget");
    assertThat(program.at(node, "ledger", "verify").out()).contains("is whole: 3 entries");
    Path file = directory.resolve("record.jsonl");
    assertThat(program.at(node, "ledger", "export", file.toString()).exitCode()).isZero();
    assertThat(program.run("ledger", "verify", file.toString()).out()).contains("3 entries");
    node.close();

    Path ledger = node.dataDirectory().resolve("ledger.mv.db");
    Files.delete(ledger);
    try (ZipFile copy = new ZipFile(zip.toFile())) {
      Files.copy(copy.getInputStream(copy.getEntry("ledger.mv.db")), ledger);
    }
    assertThat(program.at(node, "ledger", "verify").out())
        .contains("is whole: 2 entries, 1 receipts");
  }

  @Test
  void ledgerThatWasPutBack_isShownByTheNodeItself() throws Exception {
    NodeProcess node = node();
    NodeProcess friend = program.start("friend", Optional.empty());
    program.join(friend, node);
    friend.close();
    Path file = friend.dataDirectory().resolve("ledger.mv.db");
    byte[] before = Files.readAllBytes(file);
    NodeProcess again = program.start("friend", Optional.empty());
    await().until(() -> Program.offering(again, FakeOllama.MODEL) == 1);
    assertThat(Program.ask(again, FakeOllama.MODEL).statusCode()).isEqualTo(200);
    await()
        .atMost(30, TimeUnit.SECONDS)
        .until(
            () -> {
              JsonNode ledger = Program.get(again, "/swarm/v1/status").path("ledger");
              return ledger.path("cosignedBy").asInt() == 1
                  && ledger.path("cosignedEntries").asInt() == ledger.path("entries").asInt();
            });
    again.close();
    Files.write(file, before);
    NodeProcess last = program.start("friend", Optional.empty());
    Program.Ended doctor = program.at(last, "doctor");
    assertThat(doctor.exitCode()).isEqualTo(1);
    assertThat(doctor.out()).contains("this node's ledger has").contains("put back or replaced");
  }

  @Test
  void ledgerThatWasChanged_isFound_andTheBadEntryNamed() throws Exception {
    NodeProcess node = node();
    assertThat(Program.ask(node, FakeOllama.MODEL).statusCode()).isEqualTo(200);
    node.close();
    Program.Ended whole = program.at(node, "ledger", "verify");
    assertThat(whole.out()).contains("is whole: 2 entries, 1 receipts");

    replace(node.dataDirectory().resolve("ledger.mv.db"), FakeOllama.MODEL, "fake:9b");
    Program.Ended changed = program.at(node, "ledger", "verify");
    assertThat(changed.exitCode()).isEqualTo(1);
    assertThat(changed.out() + changed.err()).containsAnyOf("entry 2", "damaged");
  }

  /** Changes text in place, as somebody would who wants another past. */
  private static void replace(Path file, String from, String to) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int found = 0;
    try (RandomAccessFile writing = new RandomAccessFile(file.toFile(), "rw")) {
      for (int at = text.indexOf(from); at >= 0; at = text.indexOf(from, at + 1)) {
        writing.seek(at);
        writing.write(to.getBytes(StandardCharsets.ISO_8859_1));
        found++;
      }
    }
    assertThat(found).isPositive();
  }
}
