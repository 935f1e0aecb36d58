package dev.waggle.worker.engine.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineCompliance;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlamaCppEngineTest extends EngineCompliance {
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
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

  private static List<ProcessHandle> children() {
    return ProcessHandle.current().children().filter(ProcessHandle::isAlive).toList();
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

  @Test
  void maxTokens_endTheAnswerByLength() throws Exception {
    Sampling sampling =
        new Sampling(
            OptionalInt.of(3),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalLong.empty(),
            List.of());
    List<Chunk> chunks = new ArrayList<>();
    Generation.End end = engine.chat(chat("tiny", sampling)).run(chunks::add);
    assertThat(end.reason()).isEqualTo(Outcome.FinishReason.LENGTH);
    assertThat(text(chunks).strip()).isEqualTo("bees dance on");
    assertThat(end.usage().outputTokens()).isEqualTo(3);
  }

  @Test
  void childThatIsKilled_isAFailureOfItsAnswerOnly() throws Exception {
    engine.chat(chat("tiny")).run(chunk -> {});
    assertThat(engine.models().get(0).loaded()).isTrue();
    assertThatThrownBy(
            () ->
                engine
                    .chat(chat("tiny"))
                    .run(chunk -> children().forEach(ProcessHandle::destroyForcibly)))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.ENGINE));
    List<Chunk> chunks = new ArrayList<>();
    engine.chat(chat("tiny")).run(chunks::add);
    assertThat(text(chunks).strip()).isEqualTo(answer());
  }

  @Test
  void fileThatIsNoModel_isAFailureThatSaysSo_andTheNodeLivesOn() throws Exception {
    Files.writeString(models.resolve("broken.gguf"), "not a model");
    assertThatThrownBy(() -> engine.chat(chat("broken")).run(chunk -> {}))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("llama.cpp");
    await().until(() -> children().isEmpty());
  }

  @Test
  void nameThatLeavesTheFolder_isNoModel() {
    assertThatThrownBy(() -> engine.chat(chat("../models/tiny")).run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.NO_SUCH_MODEL));
  }

  @Test
  void close_endsTheChildren() throws Exception {
    engine.chat(chat("tiny")).run(chunk -> {});
    assertThat(children()).hasSize(1);
    engine.close();
    assertThat(children()).isEmpty();
  }
}
