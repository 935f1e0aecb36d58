package dev.waggle.worker.engine.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Continuation;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineCompliance;
import dev.waggle.worker.engine.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LlamaCppEngineTest extends EngineCompliance {
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  // Other tests of this JVM may have some that stay.
  private final List<ProcessHandle> others = ProcessHandle.current().children().toList();
  private @TempDir Path directory;
  private Path models;
  private LlamaCppEngine engine;

  @BeforeEach
  void start() throws IOException {
    models = Files.createDirectories(directory.resolve("models"));
    TinyModel.write(models.resolve("tiny.gguf"));
    engine = new LlamaCppEngine(models, directory.resolve("native"), PATIENCE, timer);
  }

  @AfterEach
  void stop() {
    engine.close();
    timer.shutdownNow();
    assertThat(children()).isEmpty();
  }

  private List<ProcessHandle> children() {
    return ProcessHandle.current()
        .children()
        .filter(each -> each.isAlive() && !others.contains(each))
        .toList();
  }

  @Override
  protected Engine engine() {
    return engine;
  }

  @Override
  protected String model() {
    return "tiny";
  }

  @Override
  protected String answer() {
    return TinyModel.SENTENCE;
  }

  private List<Chunk> run(TaskSpec task) throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    engine.start(task).run(chunks::add);
    return chunks;
  }

  @Test
  void answerThatBegan_isGoneOnWith() throws Exception {
    List<Chunk> whole = run(chat("tiny"));
    Continuation begun = new Continuation("", text(whole.subList(0, 3)));
    List<Chunk> rest = run(chat("tiny").after(begun, Sampling.DEFAULT));
    assertThat(begun.text() + text(rest)).isEqualTo(text(whole));
  }

  private static TaskSpec.Chat formed(String format) {
    ChatOptions options =
        new ChatOptions(List.of(), ChatOptions.AUTO, Optional.of(format), Optional.empty());
    TaskSpec.Chat plain = chat("tiny", Sampling.DEFAULT.withMaxTokens(20));
    return new TaskSpec.Chat(
        plain.model(),
        plain.labels(),
        plain.messages(),
        plain.sampling(),
        options,
        Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ChatOptions.ANY_JSON,
        "{\"type\":\"object\",\"properties\":{\"on\":{\"type\":\"boolean\"}},\"required\":[\"on\"]}"
      })
  void format_formsTheAnswer_andTheChildLivesOn(String format) throws Exception {
    assertThat(text(run(formed(format))).strip()).startsWith("{");
    ProcessHandle child = children().get(0);
    assertThat(text(run(chat("tiny"))).strip()).isEqualTo(answer());
    assertThat(children()).containsExactly(child);
  }

  @Test
  void formatThatIsNoSchema_isAFailureOfItsAnswerOnly() throws Exception {
    assertThatThrownBy(() -> run(formed("{\"type\":\"nonsense\"}")))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.BAD_REQUEST))
        .hasMessageContaining("cannot read the format");
    assertThat(text(run(chat("tiny"))).strip()).isEqualTo(answer());
  }

  @Test
  void childThatIsKilled_isAFailureOfItsAnswerOnly() throws Exception {
    engine.start(chat("tiny")).run(chunk -> {});
    assertThat(engine.models().get(0).loaded()).isTrue();
    assertThatThrownBy(
            () ->
                engine
                    .start(chat("tiny"))
                    .run(chunk -> children().forEach(ProcessHandle::destroyForcibly)))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.ENGINE));
    List<Chunk> chunks = new ArrayList<>();
    engine.start(chat("tiny")).run(chunks::add);
    assertThat(text(chunks).strip()).isEqualTo(answer());
  }

  @Test
  void fileThatIsNoModel_isAFailureThatSaysSo_andTheNodeLivesOn() throws Exception {
    Files.writeString(models.resolve("broken.gguf"), "not a model");
    assertThatThrownBy(() -> engine.start(chat("broken")).run(chunk -> {}))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("llama.cpp");
    await().until(() -> children().isEmpty());
  }

  @Test
  void nameThatLeavesTheFolder_isNoModel() {
    assertThatThrownBy(() -> engine.start(chat("../models/tiny")).run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.NO_SUCH_MODEL));
  }

  @Test
  void close_endsTheChildren() throws Exception {
    engine.start(chat("tiny")).run(chunk -> {});
    assertThat(children()).hasSize(1);
    engine.close();
    assertThat(children()).isEmpty();
  }
}
