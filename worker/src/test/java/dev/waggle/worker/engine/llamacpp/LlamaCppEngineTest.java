package dev.waggle.worker.engine.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Continuation;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineCompliance;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
  void modelThatNeverEnds_endsAtTheContextThatItsFileStates() throws Exception {
    BabblingModel.write(models.resolve("babble.gguf"), 512);
    assertThat(engine.models())
        .filteredOn(each -> each.name().equals("babble"))
        .singleElement()
        .satisfies(each -> assertThat(each.contextTokens()).isEqualTo(512));
    Generation.End end = engine.start(chat("babble")).run(chunk -> {});
    assertThat(end.reason()).isEqualTo(Outcome.FinishReason.LENGTH);
    assertThat(end.usage().promptTokens() + end.usage().outputTokens()).isBetween(200, 512);
  }

  @Test
  void promptLongerThanTheContext_isRefused_andTheChildLivesOn() throws Exception {
    BabblingModel.write(models.resolve("babble.gguf"), 512);
    List<ChatMessage> messages =
        List.of(new ChatMessage(ChatMessage.Role.USER, "x".repeat(300) + '\0' + "x".repeat(300)));
    TaskSpec.Chat usual = chat("babble");
    TaskSpec.Chat longer =
        new TaskSpec.Chat(
            usual.model(),
            usual.labels(),
            messages,
            usual.sampling(),
            usual.options(),
            Optional.empty());
    assertThatThrownBy(() -> run(longer))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.BAD_REQUEST))
        .hasMessageMatching("a prompt of 6\\d\\d tokens is too long for .* context of 512 tokens");
    ProcessHandle child = children().get(0);
    assertThat(run(chat("babble", Sampling.DEFAULT.withMaxTokens(20)))).isNotEmpty();
    assertThat(children()).containsExactly(child);
  }

  @Test
  void metadataThatIsCut_isRefused() throws Exception {
    Path whole = models.resolve("tiny.gguf");
    assertThat(GgufReader.contextTokens(whole)).isEqualTo(2_048);
    byte[] head = Arrays.copyOf(Files.readAllBytes(whole), 110);
    Path cut = directory.resolve("cut.gguf");
    for (int length = 0; length < head.length; length++) {
      Files.write(cut, Arrays.copyOf(head, length));
      assertThatThrownBy(() -> GgufReader.contextTokens(cut)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void close_endsTheChildren() throws Exception {
    engine.start(chat("tiny")).run(chunk -> {});
    assertThat(children()).hasSize(1);
    engine.close();
    assertThat(children()).isEmpty();
  }
}
