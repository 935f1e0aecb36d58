package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.node.git.GitFolder;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.fake.FakeOllama;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs in a swarm of processes: one that asks and keeps them, and two that run code. One swarm for
 * all, because sandboxes prove themselves for longer than the rest takes; who dies does so last.
 */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class JobIT {
  private static final Duration LONG = Duration.ofMinutes(3);
  private static final int ITEMS = 40;

  private static @TempDir Path directory;
  private FakeOllama ollama;
  private Program program;
  private NodeProcess asking;
  private NodeProcess one;
  private NodeProcess other;

  @BeforeAll
  void start() throws Exception {
    ollama = new FakeOllama();
    program = new Program(directory);
    asking = program.start("asking", Optional.of(ollama.address()));
    one = program.start("one", Optional.empty(), "--sandbox", "process");
    Files.writeString(
        Files.createDirectories(program.directory("other")).resolve("config.toml"),
        "[owner]\nallow-jobs = [\"asking\"]\n");
    other = program.start("other", Optional.empty(), "--sandbox", "process");
    program.join(one, asking);
    program.join(other, asking);
    await().atMost(LONG).until(() -> runsPython(one) && runsPython(other) && connected() == 2);
  }

  @AfterAll
  void stop() {
    program.close();
    ollama.close();
  }

  private static boolean runsPython(NodeProcess node) throws Exception {
    return Program.get(node, "/swarm/v1/status").path("code").has("python");
  }

  private int connected() throws Exception {
    return Program.get(asking, "/swarm/v1/status").path("peersConnected").asInt();
  }

  private Path write(String name, String text) throws Exception {
    return Files.writeString(directory.resolve(name), text);
  }

  private JsonNode job(String id) throws Exception {
    return Program.get(asking, "/swarm/v1/jobs/" + id);
  }

  private JsonNode tasks(String id) throws Exception {
    return Program.get(asking, "/swarm/v1/jobs/" + id + "/tasks?limit=1000").path("tasks");
  }

  private String submit(String yaml) throws Exception {
    HttpResponse<String> response =
        Program.HTTP.send(
            Program.request(asking, "/swarm/v1/jobs")
                .POST(HttpRequest.BodyPublishers.ofString(yaml))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    return Program.JSON.readTree(response.body()).path("job").asText();
  }

  private void awaitEnd(String id) {
    await().atMost(LONG).until(() -> !job(id).path("state").asText().equals("open"));
  }

  private static String inputs() {
    return IntStream.range(0, ITEMS).mapToObj(Integer::toString).collect(Collectors.joining(", "));
  }

  private static String squares(String more) {
    return "kind: map\nlanguage: python\nsource: |\n  import time\n  n = int(input())\n"
        + "  time.sleep(0.2)\n  print(n * n)\ninputs: ["
        + inputs()
        + "]\n"
        + more;
  }

  private void assertSquares(String id) throws Exception {
    assertThat(job(id).path("state").asText()).as(job(id).toString()).isEqualTo("done");
    for (JsonNode each : tasks(id)) {
      int number = each.path("number").asInt();
      assertThat(each.path("result").path("stdout").asText()).isEqualTo(number * number + "\n");
    }
    assertThat(doneEvents(id)).isEqualTo(ITEMS);
  }

  private long doneEvents(String id) throws Exception {
    List<Integer> done = new ArrayList<>();
    for (JsonNode each :
        Program.get(asking, "/swarm/v1/jobs/" + id + "/events?limit=1000").path("events")) {
      if (each.path("kind").asText().equals("done")) {
        done.add(each.path("task").asInt());
      }
    }
    assertThat(done).as("each task is settled once").doesNotHaveDuplicates();
    return done.size();
  }

  @Test
  @Order(1)
  void commands_runScripts_bringFilesBack_andSayWhatFailed() throws Exception {
    Path script =
        write(
            "hello.py",
            """
            import sys
            print('hello', *sys.argv[1:])
            print('oops', file=sys.stderr)
            open('made.txt', 'w').write('made')
            """);
    Program.Ended ran = program.at(asking, "run", script.toString(), "a", "b");
    assertThat(ran.out()).isEqualTo("hello a b\n");
    assertThat(ran.err()).isEqualTo("oops\n");
    assertThat(ran.exitCode()).isZero();

    Path bytes = Files.write(directory.resolve("a.bin"), new byte[] {0, 1, -1});
    Path reading = write("read.py", "print(list(open('a.bin', 'rb').read()))");
    Program.Ended read = program.at(asking, "run", "--file", bytes.toString(), reading.toString());
    assertThat(read.out()).as(read.err()).isEqualTo("[0, 1, 255]\n");

    Program.Ended failed =
        program.at(asking, "run", write("fail.py", "raise SystemExit(3)").toString());
    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.err()).contains("exit code 3");
    Program.Ended endless =
        program.at(
            asking, "run", "--time", "1s", write("loop.sh", "while :; do :; done").toString());
    assertThat(endless.err()).contains("ran for longer than its limit");

    Path file =
        write(
            "steps.yaml",
            "kind: run\ntitle: steps\ntasks:\n- {name: first, language: python,"
                + " source: 'print(6*7)'}\n- {name: second, after: first, language: shell, collect:"
                + " out.txt, source: 'cat after/first > out.txt'}\n");
    Program.Ended submitted = program.at(asking, "job", "submit", "--wait", file.toString());
    assertThat(submitted.exitCode()).isZero();
    String id = submitted.out().strip();
    Path target = directory.resolve("fetched");
    program.at(asking, "job", "fetch", id, "-o", target.toString());
    assertThat(target.resolve("second.files/out.txt")).hasContent("42\n");
    assertThat(program.at(asking, "job", "show", id).out()).contains("steps").contains("second");
    assertThat(program.at(asking, "job", "list").out()).contains(id);
    assertThat(program.at(asking, "job", "logs", id).out()).contains("task 1 done");
    Program.Ended bad = program.at(asking, "job", "submit", write("bad", "kind: rum").toString());
    assertThat(bad.exitCode()).isEqualTo(1);
    assertThat(bad.err()).contains("line 1: kind is \"rum\"");
  }

  @Test
  @Order(6)
  void workersThatDie_losesNoTask_andNoneIsSettledTwice() throws Exception {
    String id = submit(squares(""));
    await().atMost(LONG).until(() -> job(id).path("done").asInt() >= 4);
    one.kill();
    awaitEnd(id);
    assertSquares(id);
  }

  @Test
  @Order(4)
  void coordinatorThatDies_goesOnWhereItWas_withWhatWorkersKept() throws Exception {
    String slow =
        submit(
            "{kind: run, language: python, source: 'import time; print(time.time());"
                + " time.sleep(3)'}");
    String id = submit(squares("key: once\n"));
    await().atMost(LONG).until(() -> job(id).path("done").asInt() >= 4);
    await().atMost(LONG).until(() -> tasks(slow).path(0).path("state").asText().equals("running"));
    asking.kill();
    await().atMost(LONG).until(() -> running() == 0);
    // What they kept outlives the workers, too.
    one.kill();
    other.kill();
    double back = System.currentTimeMillis() / 1000.0;
    one = startAgain("one", one);
    other = startAgain("other", other);
    await().atMost(LONG).until(() -> runsPython(one) && runsPython(other));
    asking = program.start("asking", Optional.of(ollama.address()));
    assertThat(job(id).path("done").asInt()).as("what was done stays so").isGreaterThanOrEqualTo(4);
    assertThat(submit(squares("key: once\n"))).as("the same job").isEqualTo(id);
    awaitEnd(id);
    assertSquares(id);
    awaitEnd(slow);
    String ran = tasks(slow).path(0).path("result").path("stdout").asText();
    assertThat(Double.parseDouble(ran.strip())).as("it ran once").isLessThan(back);
  }

  /** Starts a worker that was killed, where it can be found again. */
  private NodeProcess startAgain(String name, NodeProcess killed) throws Exception {
    String address = killed.ready().listen().get(0);
    String listen = address.substring(0, address.indexOf("/p2p/"));
    return program.start(name, Optional.empty(), "--sandbox", "process", "--listen", listen);
  }

  @Test
  @Order(5)
  void anotherNode_looksAfterJobs_andGoesOnWhenTheAskingOneIsKilled() throws Exception {
    await().atMost(LONG).until(() -> connected() == 2);
    Path script = write("square.py", "print(int(input()) ** 2)");
    Path lines = write("lines.txt", "2\n3\n4\n");
    Program.Ended mapped =
        program.at(asking, "map", "--on", "other", "--script", script.toString(), lines.toString());
    assertThat(mapped.exitCode()).as(mapped.err()).isZero();
    assertThat(mapped.out()).contains("4\\n", "9\\n", "16\\n");
    Program.Ended refused =
        program.at(asking, "map", "--on", "one", "--script", script.toString(), lines.toString());
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("one says").contains("owner.allow-jobs");
    Path file =
        write(
            "made.yaml",
            "{kind: run, language: shell, collect: out.txt, source: 'echo made > out.txt'}");
    Program.Ended submitted =
        program.at(asking, "job", "submit", "--wait", "--on", "other", file.toString());
    assertThat(submitted.exitCode()).as(submitted.err()).isZero();
    String made = submitted.out().strip();
    assertThat(job(made).path("coordinator").asText()).isEqualTo("other");
    Path target = directory.resolve("made");
    Program.Ended fetched = program.at(asking, "job", "fetch", made, "-o", target.toString());
    assertThat(fetched.exitCode()).as(fetched.err()).isZero();
    assertThat(target.resolve("0.files/out.txt")).hasContent("made\n");
    assertThat(program.at(asking, "job", "list").out()).contains(made);

    String id = submit(squares(""));
    await().atMost(LONG).until(() -> job(id).path("done").asInt() >= 4);
    assertThat(program.at(asking, "job", "handover", id, "other").out())
        .isEqualTo(id + " is at other\n");
    asking.kill();
    await()
        .atMost(LONG)
        .until(
            () -> Program.get(other, "/swarm/v1/jobs/" + id).path("state").asText(),
            "done"::equals);
    asking = program.start("asking", Optional.of(ollama.address()));
    await().atMost(LONG).until(() -> job(id).path("state").asText().equals("done"));
    assertSquares(id);
    Path squares = directory.resolve("squares");
    assertThat(program.at(asking, "job", "fetch", id, "-o", squares.toString()).exitCode())
        .isZero();
    assertThat(squares.resolve("7.txt")).hasContent("49\n");
  }

  @Test
  @Order(2)
  void replicas_agree_andCancelEndsATree_andEventsAreReplayed() throws Exception {
    String compared =
        submit("{kind: run, replicas: 2, language: python, source: 'print(sum(range(10)))'}");
    awaitEnd(compared);
    JsonNode result = tasks(compared).path(0).path("result");
    assertThat(result.path("stdout").asText()).isEqualTo("45\n");
    assertThat(result.path("verified").asText()).isEqualTo("2 of 2 workers agree");
    await()
        .atMost(LONG)
        .until(
            () -> Program.get(asking, "/swarm/v1/ledger").toString(),
            each ->
                each.contains("2 of 2 workers agree")
                    && each.contains("\"job\":\"" + compared + "\""));
    String different =
        submit(
            "{kind: run, replicas: 2, attempts: 1, language: python, source: 'import os;"
                + " print(os.urandom(8))'}");
    awaitEnd(different);
    assertThat(job(different).path("state").asText()).isEqualTo("failed");
    assertThat(tasks(different).path(0).path("error").asText())
        .contains("2 workers had different results");

    String slow =
        submit(
            "kind: run\ntasks:\n- {name: a, language: python, source: 'import time;"
                + " time.sleep(20)'}\n- {name: b, after: a, language: python, source: 'print(1)'}\n");
    await().atMost(LONG).until(() -> tasks(slow).path(0).path("state").asText().equals("running"));
    assertThat(program.at(asking, "job", "cancel", slow).exitCode()).isZero();
    assertThat(job(slow).path("canceled").asInt()).isEqualTo(2);
    // Sooner than the script would have ended.
    await().atMost(Duration.ofSeconds(15)).until(() -> running() == 0);

    HttpResponse<String> events =
        Program.HTTP.send(
            Program.request(asking, "/swarm/v1/jobs/" + compared + "/events")
                .header("accept", "text/event-stream")
                .header("last-event-id", "1")
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(events.body()).doesNotContain("event: submitted").contains("event: ended");
  }

  private int running() throws Exception {
    int running = 0;
    for (NodeProcess each : List.of(one, other)) {
      running += Program.get(each, "/swarm/v1/status").path("worker").path("running").asInt();
    }
    return running;
  }

  @Test
  @Order(3)
  void code_isWrittenUntilItsTestsPass_orAPersonIsAsked() throws Exception {
    Path tests = write("tests.py", "from solution import *\nassert twice(4) == 8\n");
    Program.Ended written =
        program.at(
            asking,
            "code",
            "--tests",
            tests.toString(),
            "--model",
            FakeOllama.MODEL,
            "double it ANSWER<<def twice(n): return n + 1>> REPAIRED<<def twice(n): return n * 2>>");
    assertThat(written.exitCode()).as(written.err()).isZero();
    assertThat(written.out().strip()).isEqualTo("def twice(n): return n * 2");
    assertThat(written.err())
        .contains("round 1 of 1: tests fail")
        .contains("round 2 of 1: tests pass");
    JsonNode round = null;
    String id = Program.get(asking, "/swarm/v1/jobs").path("jobs").path(0).path("job").asText();
    Set<String> workers = new HashSet<>();
    for (JsonNode each :
        Program.get(asking, "/swarm/v1/jobs/" + id + "/events?limit=1000").path("events")) {
      if (each.path("detail").path("passed").asBoolean()) {
        round = each.path("detail");
        workers.addAll(List.of(round.path("worker").asText(), round.path("verifiedBy").asText()));
      }
    }
    assertThat(round).isNotNull();
    assertThat(workers).as("verified on another node").hasSize(2);

    Program.Ended stuck =
        program.at(
            asking,
            "code",
            "--rounds",
            "1",
            "--tests",
            tests.toString(),
            "--model",
            FakeOllama.MODEL,
            "double it ANSWER<<def twice(n): return 0>>");
    assertThat(stuck.exitCode()).isEqualTo(1);
    assertThat(stuck.err()).contains("waggle job answer");
    String asks = Program.get(asking, "/swarm/v1/jobs").path("jobs").path(0).path("job").asText();
    assertThat(tasks(asks).path(0).path("state").asText()).isEqualTo("waiting_approval");
    Path right = write("right.py", "def twice(n): return n * 2\n");
    assertThat(program.at(asking, "job", "answer", asks, "--code", right.toString()).exitCode())
        .isZero();
    awaitEnd(asks);
    assertThat(job(asks).path("state").asText()).isEqualTo("done");
  }

  @Test
  @Order(3)
  void repository_isChangedByAPatch_thatAppliesWhereItWasFrozen() throws Exception {
    GitFolder repository = GitFolder.create(directory.resolve("repository"));
    repository.write("main.py", "raise SystemExit('no part of the tests')\n");
    repository.write("calc.py", "def twice(n):\n    return n");
    repository.write(
        "test_calc.py",
        """
        import unittest
        from calc import twice
        class Twice(unittest.TestCase):
            def test_four(self):
                self.assertEqual(8, twice(4))
        """);
    repository.write("old.txt", "old\n");
    repository.commit();
    repository.write("calc.py", "what is not committed");
    Path patch = directory.resolve("change.patch");
    Program.Ended changed =
        program.at(
            asking,
            "code",
            "--repo",
            repository.path() + "@HEAD",
            "-o",
            patch.toString(),
            "--model",
            FakeOllama.MODEL,
            "double it ANSWER<<FILE: calc.py\n```\ndef twice(n):\n    return n + 1\n```>>"
                + " REPAIRED<<FILE: calc.py\n```\ndef twice(n):\n    return n * 2\n```\n"
                + "FILE: doc/notes.txt\n```\nnew\n```\nDELETE: old.txt>>");
    assertThat(changed.exitCode()).as(changed.err()).isZero();
    assertThat(changed.err())
        .contains("what is not committed is not included")
        .contains("round 1 of 1: tests fail")
        .contains("round 2 of 1: tests pass");
    assertThat(patch).content().contains("\\ No newline at end of file");
    repository.git("checkout", "-q", "calc.py");
    repository.git("apply", "--index", patch.toString());
    assertThat(repository.path().resolve("calc.py")).hasContent("def twice(n):\n    return n * 2");
    assertThat(repository.path().resolve("doc/notes.txt")).hasContent("new");
    assertThat(repository.path().resolve("old.txt")).doesNotExist();

    JsonNode job = Program.get(asking, "/swarm/v1/jobs").path("jobs").path(0);
    JsonNode result = tasks(job.path("job").asText()).path(0).path("result");
    assertThat(result.path("test_output").asText()).contains("Ran 1 test");
    Path fetched = directory.resolve("fetched-change");
    program.at(asking, "job", "fetch", job.path("job").asText(), "-o", fetched.toString());
    assertThat(fetched.resolve("0.patch")).hasSameTextualContentAs(patch);
    for (NodeProcess each : List.of(one, other)) {
      assertThat(each.dataDirectory().resolve("snapshots"))
          .as("it ran on both, each of which fetched it")
          .isDirectoryContaining("glob:**-" + result.path("repo").asText());
    }
    Path elsewhere = directory.resolve("elsewhere.patch");
    Program.Ended there =
        program.at(
            asking,
            "code",
            "--on",
            "other",
            "--repo",
            repository.path() + "@HEAD",
            "-o",
            elsewhere.toString(),
            "--model",
            FakeOllama.MODEL,
            "double it ANSWER<<FILE: calc.py\n```\ndef twice(n):\n    return n * 2\n```>>");
    assertThat(there.exitCode()).as(there.err()).isZero();
    assertThat(elsewhere).content().contains("+    return n * 2");
    Program.Ended unknown =
        program.at(
            asking,
            "job",
            "submit",
            write("gone", "{kind: code, prompt: x, repo: " + "0".repeat(64) + "}").toString());
    assertThat(unknown.err()).contains("keeps no snapshot");
  }

  @Test
  @Order(3)
  void changeOfARepository_isMadeInParts_whichTogetherPassItsTests() throws Exception {
    GitFolder repository = GitFolder.create(directory.resolve("divided"));
    repository.write("calc.py", "def twice(n):\n    return n\n");
    repository.write(
        "test_calc.py",
        """
        import unittest
        from more import six_times
        class Six(unittest.TestCase):
            def test_four(self):
                self.assertEqual(24, six_times(4))
        """);
    repository.commit();
    Path patch = directory.resolve("divided.patch");
    Program.Ended changed =
        program.at(
            asking,
            "code",
            "--repo",
            repository.path().toString(),
            "-o",
            patch.toString(),
            "--model",
            FakeOllama.MODEL,
            """
            multiply
            ANSWER[You divide]<<{"parts": [{"name": "six", "prompt": "add a file", "after": ["two"]},
              {"name": "two", "prompt": "mend calc"}]}>>
            ANSWER[You write tests, mend calc]<<```
            import calc
            assert calc.twice(4) == 8
            ```>>
            ANSWER[You write tests, add a file]<<```
            import more
            assert more.six_times(1) == 6
            ```>>
            ANSWER[You change, mend calc]<<FILE: calc.py
            ```
            def twice(n):
                return n + 1
            ```>>
            REPAIRED[mend calc]<<FILE: calc.py
            ```
            def twice(n):
                return n * 2
            ```>>
            ANSWER[You change, add a file, return n * 2]<<FILE: more.py
            ```
            import calc
            def six_times(n):
                return 3 * calc.twice(n)
            ```>>
            """);
    assertThat(changed.exitCode()).as(changed.err()).isZero();
    assertThat(changed.err().lines().map(line -> line.substring(line.indexOf(' ') + 1)))
        .containsSubsequence(
            "two round 1 of 1: tests fail",
            "two round 2 of 1: tests pass",
            "six round 1 of 1: tests pass",
            "solution round 1 of draft: tests pass");
    repository.git("apply", "--index", patch.toString());
    assertThat(repository.path().resolve("calc.py")).content().contains("n * 2");
    assertThat(repository.path().resolve("more.py")).content().contains("calc.twice");
    String job = Program.get(asking, "/swarm/v1/jobs").path("jobs").path(0).path("job").asText();
    JsonNode result = tasks(job).path(0).path("result");
    assertThat(result.path("test_output").asText()).contains("Ran 1 test");
    assertThat(result.path("written")).hasSize(2);
  }

  @Test
  @Order(7)
  void claims_areFenced_overHttp() throws Exception {
    // Nobody else is to take the task.
    other.kill();
    String id = submit("{kind: run, attempts: 20, language: shell, source: ls}");
    JsonNode claim = awaitClaim();
    assertThat(claim.path("work").path("source").asText()).isEqualTo("ls");
    Map<String, Object> proof = new HashMap<>();
    claim.path("proof").properties().forEach(each -> proof.put(each.getKey(), each.getValue()));
    Map<String, Object> forged = new HashMap<>(proof);
    forged.put("seal", "0".repeat(64));
    assertThat(settle(forged)).isEqualTo(403);
    assertThat(settle(proof)).isEqualTo(200);
    assertThat(settle(proof)).isEqualTo(409);
    awaitEnd(id);
    assertThat(tasks(id).path(0).path("result").path("stdout").asText()).isEqualTo("mine");
  }

  private JsonNode awaitClaim() {
    return await()
        .atMost(LONG)
        .until(
            () ->
                post(
                        "/swarm/v1/jobs/claims",
                        Map.of("holder", "test", "needs", List.of("sandbox/shell")))
                    .path("claim"),
            each -> each.has("proof"));
  }

  private int settle(Map<String, Object> proof) throws Exception {
    Map<String, Object> body = Map.of("proof", proof, "result", Map.of("stdout", "mine"));
    return Program.HTTP
        .send(request("/swarm/v1/jobs/claims/settle", body), HttpResponse.BodyHandlers.ofString())
        .statusCode();
  }

  private JsonNode post(String path, Map<String, Object> body) throws Exception {
    return Program.JSON.readTree(
        Program.HTTP.send(request(path, body), HttpResponse.BodyHandlers.ofString()).body());
  }

  private HttpRequest request(String path, Map<String, Object> body) throws Exception {
    return Program.request(asking, path)
        .POST(HttpRequest.BodyPublishers.ofString(Program.JSON.writeValueAsString(body)))
        .build();
  }
}
