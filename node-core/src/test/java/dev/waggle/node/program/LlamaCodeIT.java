package dev.waggle.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.waggle.node.process.NodeProcess;
import dev.waggle.worker.engine.llamacpp.BabblingModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Code that is asked of llama.cpp, with models that talk nonsense and never come to an end. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LlamaCodeIT {
  private static final Duration LONG = Duration.ofSeconds(60);

  private static @TempDir Path directory;
  private Program program;
  private NodeProcess node;
  private Path tests;

  @BeforeAll
  void start() throws Exception {
    program = new Program(directory);
    Path models = Files.createDirectories(program.directory("node").resolve("models"));
    BabblingModel.write(models.resolve("babble.gguf"), 1_024);
    BabblingModel.write(models.resolve("short.gguf"), 256);
    tests =
        Files.writeString(
            directory.resolve("tests.js"), "if (twice(4) !== 8) throw new Error('wrong');\n");
    node = program.start("node", Optional.empty(), "--sandbox", "quickjs");
  }

  @AfterAll
  void stop() {
    program.close();
  }

  /** Has code written until a person is asked; returns the job. */
  private String ask(String model) throws Exception {
    Program.Ended stuck =
        program.at(
            node,
            "code",
            "--model",
            model,
            "--lang",
            "javascript",
            "--tests",
            tests.toString(),
            "--rounds",
            "2",
            "--time",
            "2s",
            "a function twice(n)");
    assertThat(stuck.exitCode()).as(stuck.err()).isEqualTo(1);
    assertThat(stuck.err()).contains("waggle job answer");
    return Program.get(node, "/swarm/v1/jobs").path("jobs").path(0).path("job").asText();
  }

  private List<JsonNode> told(String job, String what) throws Exception {
    List<JsonNode> told = new ArrayList<>();
    for (JsonNode each :
        Program.get(node, "/swarm/v1/jobs/" + job + "/events?limit=1000").path("events")) {
      if (each.path("detail").path("what").asText().equals(what)) {
        told.add(each.path("detail"));
      }
    }
    return told;
  }

  private JsonNode answer(String job, String... how) throws Exception {
    List<String> command = new ArrayList<>(List.of("job", "answer", job));
    command.addAll(List.of(how));
    assertThat(program.at(node, command.toArray(String[]::new)).exitCode()).isZero();
    return await()
        .atMost(LONG)
        .until(
            () -> Program.get(node, "/swarm/v1/jobs/" + job + "/tasks").path("tasks").path(0),
            task -> List.of("done", "failed").contains(task.path("state").asText()));
  }

  @Test
  void nonsense_isTestedRoundByRound_untilAPersonWritesWhatPasses() throws Exception {
    await()
        .atMost(LONG)
        .until(
            () -> Program.get(node, "/swarm/v1/status"),
            status -> status.path("code").has("javascript"));
    String job = ask("babble");
    assertThat(told(job, "decomposed"))
        .singleElement()
        .satisfies(each -> assertThat(each.path("parts")).hasToString("[\"solution\"]"));
    assertThat(told(job, "planned").get(0).path("plan").asText()).isNotBlank();
    assertThat(told(job, "round"))
        .extracting(each -> each.path("round").asInt())
        .containsExactly(1, 2);
    assertThat(told(job, "round"))
        .allSatisfy(
            each -> {
              assertThat(each.path("prompt").asText()).contains("Write the file solution.js");
              assertThat(each.path("code").asText()).isNotBlank();
              assertThat(each.path("output").asText()).contains("Error");
              assertThat(each.path("passed").asBoolean(true)).isFalse();
              assertThat(each.path("worker").asText()).isEqualTo(node.ready().peerId());
            });
    assertThat(told(job, "cut"))
        .as("it ends at its context")
        .extracting(each -> each.path("step").asText())
        .contains("decompose", "solution/plan", "solution/1/1/code-shorter-1");
    assertThat(told(job, "refused").get(0).path("why").asText())
        .as("with such a plan")
        .contains("too long for the model's context of 1024 tokens");
    assertThat(told(job, "asked").get(0).path("code").asText())
        .isEqualTo(told(job, "round").get(1).path("code").asText());

    String right = "function twice(n) { return 2 * n; }\n";
    Path file = Files.writeString(directory.resolve("right.js"), right);
    JsonNode task = answer(job, "--code", file.toString());
    assertThat(task.path("state").asText()).as(task.toString()).isEqualTo("done");
    assertThat(task.path("result").path("text").asText()).isEqualTo(right);
    List<JsonNode> rounds = told(job, "round");
    JsonNode last = rounds.get(rounds.size() - 1);
    assertThat(last.path("candidate").asText()).isEqualTo("person");
    assertThat(last.path("passed").asBoolean()).isTrue();
    assertThat(last.path("verified").asBoolean()).isTrue();
  }

  @Test
  void modelOfTooLittleContext_isNotAskedInVain_andThePersonHearsWhy() throws Exception {
    String job = ask("short");
    assertThat(told(job, "round")).isEmpty();
    assertThat(told(job, "refused"))
        .extracting(each -> each.path("step").asText())
        .as("without a plan there is no shorter question")
        .containsExactly("decompose", "solution/plan", "solution/1/1/code");
    assertThat(told(job, "asked").get(0).path("output").asText())
        .contains("too long for the model's context of 256 tokens");
    JsonNode task = answer(job, "--give-up");
    assertThat(task.path("state").asText()).isEqualTo("failed");
    assertThat(task.path("error").asText()).contains("given up");
  }
}
