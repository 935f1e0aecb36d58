package dev.waggle.node.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.waggle.coordinator.job.JobDraft;
import dev.waggle.coordinator.job.JobKind;
import dev.waggle.coordinator.job.JobWork;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobFileTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private final JobFile file =
      new JobFile(Clock.fixed(NOW, ZoneOffset.UTC), Set.of(new Label("own")));

  private static TaskSpec.Code code(JobDraft job, int task) {
    return (TaskSpec.Code) ((JobWork.Ask) job.tasks().get(task).work()).spec();
  }

  private static TaskSpec.Chat chat(JobDraft job, int task) {
    return (TaskSpec.Chat) ((JobWork.Ask) job.tasks().get(task).work()).spec();
  }

  @Test
  void run_hasEverythingThatAScriptCanHave() throws Exception {
    JobDraft job =
        file.read(
            """
            kind: run
            title: t
            key: k
            priority: high
            deadline: 10m
            labels: [team-a]
            attempts: 5
            replicas: 2
            language: python
            source: |
              print(1)
            args: [a, 2]
            stdin: in
            files: {d/f.txt: content}
            collect: out.txt
            limits: {wall: 2s, memory: 64MiB, processes: 3, disk: 1MiB, output: 1KiB}
            """);
    assertThat(job.kind()).isEqualTo(JobKind.RUN);
    assertThat(job.priority()).isEqualTo(Priority.HIGH);
    assertThat(job.deadline()).contains(NOW.plus(Duration.ofMinutes(10)));
    assertThat(job.tasks().get(0).attempts()).isEqualTo(5);
    assertThat(job.tasks().get(0).replicas()).isEqualTo(2);
    TaskSpec.Code code = code(job, 0);
    assertThat(code.language()).isEqualTo(Language.PYTHON);
    assertThat(code.source()).isEqualTo("print(1)\n");
    assertThat(code.args()).containsExactly("a", "2");
    assertThat(code.stdin().text()).isEqualTo("in");
    assertThat(code.files().get(0).content().text()).isEqualTo("content");
    assertThat(code.collect()).containsExactly("out.txt");
    assertThat(code.labels()).containsExactlyInAnyOrder(new Label("team-a"), new Label("own"));
    assertThat(code.limits())
        .isEqualTo(new CodeLimits(Duration.ofSeconds(2), 64 << 20, 3, 1 << 20, 1 << 10));
  }

  @Test
  void code_namesASnapshotByItsHash() throws Exception {
    String hash = "ab".repeat(32);
    JobDraft job = file.read("{kind: code, prompt: do it, repo: " + hash + "}");
    assertThat(((JobWork.Develop) job.tasks().get(0).work()).order().repo()).isEqualTo(hash);
    assertThatThrownBy(() -> file.read("{kind: code, prompt: do it, repo: ../x}"))
        .isInstanceOf(JobFileException.class)
        .hasMessageContaining("repo is no SHA-256");
    assertThatThrownBy(
            () -> file.read("{kind: code, prompt: do it, language: shell, repo: " + hash + "}"))
        .hasMessageContaining("name a script that tests the repository");
  }

  @Test
  void json_isReadAlike() throws Exception {
    JobDraft job =
        file.read("{\"kind\":\"run\",\"language\":\"shell\",\"source\":\"echo \\\"x\\\"\\n\"}");
    assertThat(code(job, 0).source()).isEqualTo("echo \"x\"\n");
  }

  @Test
  void tasks_followEachOther() throws Exception {
    JobDraft job =
        file.read(
            """
            kind: run
            tasks:
              - {name: b, after: a, prompt: "say {a}", model: m}
              - {name: a, language: shell, source: ls}
            """);
    assertThat(job.tasks().get(0).after()).containsExactly(1);
    assertThat(chat(job, 0).model()).isEqualTo("m");
  }

  @Test
  void map_givesEachInputToTheScriptOrIntoThePrompt() throws Exception {
    JobDraft scripts = file.read("kind: map\nlanguage: shell\nsource: cat\ninputs: [x, y]\n");
    assertThat(scripts.tasks()).hasSize(2);
    assertThat(code(scripts, 1).stdin().text()).isEqualTo("y");
    JobDraft prompts = file.read("kind: map\nprompt: 'translate {input}!'\ninputs: [x, y]\n");
    assertThat(chat(prompts, 0).messages().get(0).content()).isEqualTo("translate x!");
  }

  @Test
  void code_isAnOrder() throws Exception {
    JobDraft job = file.read("kind: code\nprompt: fizzbuzz\ntests: t\nplanner: p\ncandidates: 3\n");
    JobWork.Develop work = (JobWork.Develop) job.tasks().get(0).work();
    assertThat(work.order().language()).isEqualTo("python");
    assertThat(work.order().planner()).isEqualTo("p");
    assertThat(work.order().candidates()).isEqualTo(3);
    assertThat(work.order().limits()).as("the usual").isNull();
    JobDraft limited = file.read("{kind: code, prompt: x, limits: {wall: 2s, disk: 1MiB}}");
    assertThat(((JobWork.Develop) limited.tasks().get(0).work()).order().limits())
        .isEqualTo(new CodeLimits(Duration.ofSeconds(2), 256 << 20, 64, 1 << 20, 64 << 10));
  }

  @Test
  void files_areTextsOrBytes() throws Exception {
    JobDraft job =
        file.read(
            """
            kind: run
            language: python
            source: x
            files:
              a.txt: text
              b.bin:
                base64: |
                  AAH/
                  /g==
              c.bin: {base64: ""}
            """);
    assertThat(code(job, 0).files())
        .containsExactly(
            new CodeFile("a.txt", Bytes.of("text")),
            new CodeFile("b.bin", Bytes.of(new byte[] {0, 1, -1, -2})),
            new CodeFile("c.bin", Bytes.EMPTY));
    JobDraft json =
        file.read(
            "{\"kind\":\"run\",\"tasks\":[{\"language\":\"shell\",\"source\":\"x\","
                + "\"files\":{\"b\":{\"base64\":\"AA==\"}}}]}");
    assertThat(code(json, 0).files()).containsExactly(new CodeFile("b", Bytes.of(new byte[1])));
    assertThatThrownBy(
            () ->
                file.read(
                    "kind: run\nlanguage: shell\nsource: x\nfiles:\n  b:\n    base64: A-_=\n"))
        .hasMessageStartingWith("line 6: files.b.base64 is no base64");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                              | the job is empty
          [1]                                             | line 1: the job has to be an object
          kind: rum                                       | line 1: kind is "rum", and has to be one of run, map, chat, code (did you mean run?)
          {kind: run, language: python}                   | line 1: source is missing
          {kind: run, language: pyton, source: x}         | language is "pyton", and has to be one of python, javascript, shell, java (did you mean python?)
          {kind: run, language: python, source: x, sorce: y} | sorce is no field here (did you mean source?)
          {kind: run, language: python, source: x, files: {../x: y}} | files.../x is no path of a file
          {kind: run, language: python, source: x, files: {a: {base46: AA==}}} | line 1: files.a.base64 is missing
          {kind: run, language: python, source: x, files: {a: {base64: AA==, mode: 1}}} | line 1: files.a.mode is no field here
          {kind: run, language: python, source: x, files: {a: [x]}} | line 1: files.a has to be a text
          {kind: run, language: python, source: x, limits: {wall: 2}} | limits.wall has to be a time like 30s
          {kind: run, language: python, source: x, limits: {wall: 2h}} | limits is wrong: code may run
          {kind: run, language: python, source: x, attempts: 0} | attempts has to be a whole number from 1 to 20
          {kind: run, language: python, source: x, deadline: 0s} | deadline has to be more than nothing
          {kind: run, language: python, source: x, labels: [A b]} | labels has "A b", which is no label
          {kind: run, tasks: []}                          | tasks is empty
          {kind: run, tasks: [{name: a, after: b, language: shell, source: x}]} | tasks[0].after names "b", and no task is called so
          {kind: run, tasks: [{name: 'a b', language: shell, source: x}]} | tasks[0].name has to be
          {kind: map, language: shell, source: x}         | inputs has to be a list of 1 to 100000 texts
          {kind: map, inputs: [x]}                        | inputs need either a prompt or a source
          {kind: chat}                                    | prompts is missing
          {kind: chat, prompt: x, temperature: 9}         | temperature is wrong
          {kind: code, prompt: x, language: java}         | language is "java", and has to be one of python, javascript, shell
          {kind: code, prompt: x, rounds: 99}             | rounds has to be a whole number from 1 to 10
          {kind: run, kind: map}                          | line 1: kind is there twice
          '{kind: run'                                    | neither YAML nor JSON
          """)
  void badFile_isRefused_withItsLineAndField(String text, String message) {
    assertThatThrownBy(() -> file.read(text == null ? "" : text))
        .isInstanceOf(JobFileException.class)
        .hasMessageContaining(message);
  }

  @Test
  void line_isThatOfTheField() {
    assertThatThrownBy(() -> file.read("kind: run\ntasks:\n  - name: a\n    lang: x\n"))
        .hasMessageStartingWith("line 3: tasks[0].language is missing");
    assertThatThrownBy(
            () -> file.read("kind: run\nlanguage: shell\nsource: x\n\nlimits:\n  memry: 1\n"))
        .hasMessageStartingWith("line 6: limits.memry is no field here (did you mean memory?)");
  }

  @Test
  void depthAndAliases_areBounded() {
    String deep = "kind: " + "[".repeat(10_000) + "]".repeat(10_000);
    assertThatThrownBy(() -> file.read(deep)).hasMessageContaining("deep");
  }

  @Test
  void schema_namesTheFieldsThatAreRead() throws Exception {
    JsonNode schema = new ObjectMapper().readTree(JobSchema.text());
    List<String> fields =
        schema.path("properties").properties().stream().map(each -> each.getKey()).toList();
    List<String> jobs =
        List.of(
            "kind: run, language: shell, source: x",
            "kind: map, language: shell, source: x, inputs: [x]",
            "kind: chat, prompt: x",
            "kind: chat, prompts: [x]",
            "kind: code, prompt: x");
    for (String each : fields) {
      // Of a wrong type for every field: who reads it complains of that, who does not of its name.
      assertThat(jobs).as(each).anyMatch(job -> isRead("{" + job + ", " + each + ": [{}]}"));
    }
    assertThat(jobs).noneMatch(job -> isRead("{" + job + ", other: 1}"));
    assertThat(fields).contains("kind", "tasks", "inputs", "prompt", "limits");
  }

  private boolean isRead(String job) {
    try {
      file.read(job);
      return true;
    } catch (JobFileException e) {
      return !e.getMessage().contains("is no field here");
    }
  }
}
