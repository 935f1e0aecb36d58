package dev.waggle.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeServer;
import dev.waggle.worker.fake.FakeServer.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every engine must do that has a server run its models; the server is a fake. */
public abstract class ServerCompliance extends EngineCompliance {
  /** The server of the engine under test. */
  protected abstract FakeServer server();

  /** Another engine at the same server. */
  protected abstract Engine engine(Patience patience);

  /** What the server says when it has no room. */
  protected abstract String overloaded();

  @Override
  protected String model() {
    return FakeOllama.MODEL;
  }

  @Override
  protected String answer() {
    return String.join("", FakeOllama.ANSWER);
  }

  /** Runs a task to its end. */
  protected final Generation.End run(TaskSpec task, List<Chunk> chunks) throws Exception {
    return engine().start(task).run(chunks::add);
  }

  /** What the engine says of a model. */
  protected final ModelOffer offer(String name) throws Exception {
    return engine().models().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Two tokens at most, and for each so many that were likely. */
  protected static Sampling likely(int top) {
    return new Sampling(
        OptionalInt.of(2),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalInt.empty(),
        OptionalDouble.empty(),
        Sampling.Penalties.DEFAULT,
        OptionalLong.empty(),
        List.of(),
        OptionalInt.of(top));
  }

  @ParameterizedTest
  @CsvSource({
    "BAD_REQUEST, BAD_REQUEST, this model cannot do that",
    "ERROR_MID_STREAM, ENGINE, an error was encountered",
    "CUT_STREAM, ENGINE, broke",
    "GARBAGE, ENGINE, no JSON"
  })
  void fault_isAFailureThatSaysWhat(Fault fault, Outcome.Failure failure, String message) {
    server().fail(model(), fault);
    assertThatThrownBy(() -> engine().start(chat(model())).run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.failure()).isEqualTo(failure))
        .hasMessageContaining(message);
  }

  @Test
  void serverWithoutRoom_isAFailureThatSaysWhatItSays() {
    fault_isAFailureThatSaysWhat(Fault.OVERLOADED, Outcome.Failure.ENGINE, overloaded());
  }

  @ParameterizedTest
  @CsvSource({"STALL", "SILENCE"})
  void silence_isAFailureOnceItLastsTooLong(Fault fault) {
    server().fail(model(), fault);
    Engine impatient = engine(new Patience(Duration.ofMillis(400), Duration.ofMillis(300)));
    assertThatThrownBy(() -> impatient.start(chat(model())).run(chunk -> {}))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("silent");
  }

  @Test
  void cancel_reachesTheServer() throws Exception {
    Generation generation = engine().start(chat(FakeOllama.ENDLESS));
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
    assertThat(server().chatting()).isEqualTo(1);
    generation.cancel();
    assertThat(ended.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    await().until(() -> server().chatting() == 0 && server().abandoned() == 1);
  }

  @Test
  void thinking_isToldApartFromTheAnswer() throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    run(chat(FakeOllama.THINKER), chunks);
    assertThat(chunks.get(0)).isEqualTo(new Chunk.Thinking("let me count"));
    assertThat(text(chunks)).isEqualTo(answer());
  }

  @Test
  void logprobs_comeWithTheirText() throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    Generation.End end = run(chat(model(), likely(2)), chunks);
    assertThat(end.reason()).isEqualTo(Outcome.FinishReason.LENGTH);
    Chunk.Text first = (Chunk.Text) chunks.get(0);
    assertThat(first.logprobs()).hasSize(1);
    assertThat(first.logprobs().get(0).token()).isEqualTo("one");
    assertThat(first.logprobs().get(0).bytes()).containsExactly(111, 110, 101);
    assertThat(first.logprobs().get(0).top()).hasSize(2);
  }

  @Test
  protected void embedding_ofManyTexts_isInTheirOrder() throws Exception {
    List<String> inputs = IntStream.range(0, 40).mapToObj(i -> "text " + i).toList();
    List<Chunk> chunks = new ArrayList<>();
    Generation.End end =
        run(
            new TaskSpec.Embedding(
                FakeOllama.EMBEDDER, Set.of(), inputs, OptionalInt.empty(), true),
            chunks);
    assertThat(chunks).hasSize(40);
    for (int i = 0; i < 40; i++) {
      Chunk.Vector vector = (Chunk.Vector) chunks.get(i);
      assertThat(vector.index()).isEqualTo(i);
      assertThat(vector.values().get(0)).isEqualTo((float) FakeOllama.vectorOf("text " + i)[0]);
    }
    assertThat(end.usage().promptTokens()).isGreaterThanOrEqualTo(40);
  }
}
