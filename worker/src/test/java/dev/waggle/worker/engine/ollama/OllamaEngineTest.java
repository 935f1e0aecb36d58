package dev.waggle.worker.engine.ollama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineCompliance;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import dev.waggle.worker.engine.Patience;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeOllama.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OllamaEngineTest extends EngineCompliance {
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private FakeOllama ollama;
  private OllamaEngine engine;

  @BeforeEach
  void start() throws IOException {
    ollama = new FakeOllama();
    engine = new OllamaEngine(ollama.address(), PATIENCE, timer);
  }

  @AfterEach
  void stop() {
    engine.close();
    ollama.close();
    timer.shutdownNow();
  }

  @Override
  protected Engine engine() {
    return engine;
  }

  @Override
  protected String model() {
    return FakeOllama.MODEL;
  }

  @Override
  protected String answer() {
    return String.join("", FakeOllama.ANSWER);
  }

  @Test
  void models_leaveOutWhatLeavesTheMachineAndWhatCannotChat() throws Exception {
    List<ModelOffer> models = engine.models();
    assertThat(models)
        .extracting(ModelOffer::name)
        .containsExactly(FakeOllama.MODEL, FakeOllama.THINKER, FakeOllama.ENDLESS);
    assertThat(models.get(0).loaded()).isTrue();
    assertThat(models.get(1).loaded()).isFalse();
    assertThat(models.get(0).digest()).isEqualTo("sha256:" + FakeOllama.digest(FakeOllama.MODEL));
  }

  @Test
  void models_ofAnotherWaggle_areRefused() {
    ollama.pretendToBeWaggle();
    assertThatThrownBy(() -> engine.models())
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("a Waggle node answers")
        .hasMessageContaining("OLLAMA_HOST");
  }

  @Test
  void models_whenNobodyAnswers_saysWhereAndWhatToDo() {
    ollama.close();
    assertThatThrownBy(() -> engine.models())
        .isInstanceOf(EngineException.class)
        .hasMessageContaining(ollama.address().toString())
        .hasMessageContaining("ollama serve");
  }

  @Test
  void serverThatSpeaksLittleOfTheApi_isUsedForWhatItSpeaks() throws Exception {
    ollama.speakLittle();
    assertThat(engine.models()).extracting(ModelOffer::name).contains(FakeOllama.MODEL);
    assertThat(engine.models().get(0).loaded()).isFalse();
  }

  @Test
  void firstPiece_mayTakeLongerThanTheNext() throws Exception {
    ollama.fail(FakeOllama.MODEL, Fault.SILENCE);
    OllamaEngine patient =
        new OllamaEngine(
            ollama.address(), new Patience(Duration.ofSeconds(2), Duration.ofMillis(1)), timer);
    long begin = System.nanoTime();
    assertThatThrownBy(() -> patient.chat(chat(FakeOllama.MODEL)).run(chunk -> {}))
        .hasMessageContaining("silent for 2 s");
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofSeconds(2));
  }

  @Test
  void thinking_isToldApartFromTheAnswer() throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    engine.chat(chat(FakeOllama.THINKER)).run(chunks::add);
    assertThat(chunks.get(0)).isEqualTo(new Chunk.Thinking("let me count"));
    assertThat(text(chunks)).isEqualTo(answer());
  }

  @ParameterizedTest
  @CsvSource({
    "OVERLOADED, ENGINE, server busy",
    "BAD_REQUEST, BAD_REQUEST, this model cannot do that",
    "ERROR_MID_STREAM, ENGINE, an error was encountered",
    "CUT_STREAM, ENGINE, broke",
    "GARBAGE, ENGINE, no JSON"
  })
  void fault_isAFailureThatSaysWhat(Fault fault, Outcome.Failure failure, String message) {
    ollama.fail(FakeOllama.MODEL, fault);
    assertThatThrownBy(() -> engine.chat(chat(FakeOllama.MODEL)).run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.failure()).isEqualTo(failure))
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({"STALL", "SILENCE"})
  void silence_isAFailureOnceItLastsTooLong(Fault fault) {
    ollama.fail(FakeOllama.MODEL, fault);
    OllamaEngine impatient =
        new OllamaEngine(
            ollama.address(), new Patience(Duration.ofMillis(400), Duration.ofMillis(300)), timer);
    assertThatThrownBy(() -> impatient.chat(chat(FakeOllama.MODEL)).run(chunk -> {}))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("silent");
  }

  @Test
  void cancel_reachesTheServer() throws Exception {
    Generation generation = engine.chat(chat(FakeOllama.ENDLESS));
    CompletableFuture<Void> running = new CompletableFuture<>();
    CompletableFuture<Throwable> ended =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                generation.run(chunk -> running.complete(null));
                return new AssertionError("it ran to its end");
              } catch (Exception e) {
                return e;
              }
            });
    running.get(10, TimeUnit.SECONDS);
    assertThat(ollama.chatting()).isEqualTo(1);
    generation.cancel();
    assertThat(ended.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    await().until(() -> ollama.chatting() == 0 && ollama.abandoned() == 1);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "-, http://127.0.0.1:11434",
        "0.0.0.0, http://127.0.0.1:11434",
        "0.0.0.0:4000, http://127.0.0.1:4000",
        ":4000, http://127.0.0.1:4000",
        "box, http://box:11434",
        "box:4000, http://box:4000",
        "http://box, http://box:80",
        "https://box/ollama/, https://box:443/ollama",
        "::1, http://[::1]:11434",
        "[::]:4000, http://[::1]:4000"
      })
  void address_isReadAsOllamasClientReadsIt(String variable, String address) {
    assertThat(OllamaAddress.of(variable == null ? Map.of() : Map.of("OLLAMA_HOST", variable)))
        .hasToString(address);
  }

  @Test
  void address_thatIsNone_isRefused() {
    assertThatThrownBy(() -> OllamaAddress.parse("ftp://box"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ftp://box");
    assertThatThrownBy(() -> OllamaAddress.parse("bo x"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
