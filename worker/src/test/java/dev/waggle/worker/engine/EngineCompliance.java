package dev.waggle.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every engine must do. */
@Timeout(60)
public abstract class EngineCompliance {
  /** The engine under test. */
  protected abstract Engine engine();

  /** A model of it that answers in at least five pieces, whose first words are a token each. */
  protected abstract String model();

  /** What that model answers. */
  protected abstract String answer();

  /** A chat with a model of the engine. */
  protected static TaskSpec.Chat chat(String model) {
    return chat(model, Sampling.DEFAULT);
  }

  /** A chat with a model of the engine. */
  protected static TaskSpec.Chat chat(String model, Sampling sampling) {
    return new TaskSpec.Chat(
        model,
        List.of(
            new ChatMessage(ChatMessage.Role.SYSTEM, "Be brief."),
            new ChatMessage(ChatMessage.Role.USER, "Say it.\nThen stop.")),
        sampling);
  }

  /** The answer's text. */
  protected static String text(List<Chunk> chunks) {
    StringBuilder text = new StringBuilder();
    for (Chunk chunk : chunks) {
      if (chunk instanceof Chunk.Text piece) {
        text.append(piece.text());
      }
    }
    return text.toString();
  }

  @Test
  void models_nameTheModelWithItsDigest() throws Exception {
    List<ModelOffer> models = engine().models();
    ModelOffer offer =
        models.stream().filter(each -> each.name().equals(model())).findFirst().orElseThrow();
    assertThat(offer.engine()).isEqualTo(engine().name());
    assertThat(offer.digest()).matches("sha256:[0-9a-f]{64}");
    assertThat(offer.sizeBytes()).isPositive();
  }

  @Test
  void chat_streamsTheAnswerAndCountsIt() throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    Generation.End end = engine().start(chat(model())).run(chunks::add);
    assertThat(text(chunks).strip()).isEqualTo(answer());
    assertThat(chunks.size()).isGreaterThanOrEqualTo(5);
    assertThat(end.reason()).isEqualTo(Outcome.FinishReason.STOP);
    assertThat(end.usage().promptTokens()).isPositive();
    assertThat(end.usage().outputTokens()).isGreaterThanOrEqualTo(5);
  }

  @Test
  void chat_withEverySamplingSet_works() throws Exception {
    Sampling sampling =
        new Sampling(
            OptionalInt.of(100),
            OptionalDouble.of(0),
            OptionalDouble.of(0.9),
            OptionalLong.of(7),
            List.of("never said"));
    List<Chunk> chunks = new ArrayList<>();
    engine().start(chat(model(), sampling)).run(chunks::add);
    assertThat(text(chunks).strip()).isEqualTo(answer());
  }

  @Test
  void chat_withMaxTokens_endsThereByLength() throws Exception {
    List<Chunk> chunks = new ArrayList<>();
    Generation.End end =
        engine().start(chat(model(), Sampling.DEFAULT.withMaxTokens(3))).run(chunks::add);
    assertThat(end.reason()).isEqualTo(Outcome.FinishReason.LENGTH);
    assertThat(end.usage().outputTokens()).isEqualTo(3);
    assertThat(text(chunks).strip()).isEqualTo(firstWords(3));
  }

  @Test
  void chat_withStopText_endsBeforeIt() throws Exception {
    String third = answer().substring(firstWords(2).length(), firstWords(3).length());
    Sampling sampling =
        new Sampling(
            OptionalInt.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalLong.empty(),
            List.of("never said", third.strip()));
    List<Chunk> chunks = new ArrayList<>();
    Generation.End end = engine().start(chat(model(), sampling)).run(chunks::add);
    assertThat(end.reason()).isEqualTo(Outcome.FinishReason.STOP);
    assertThat(text(chunks).strip()).isEqualTo(firstWords(2));
  }

  private String firstWords(int count) {
    return String.join(" ", List.of(answer().split(" ", -1)).subList(0, count));
  }

  @Test
  void chat_canceledBeforeRun_doesNotRun() {
    Generation generation = engine().start(chat(model()));
    generation.cancel();
    assertThatThrownBy(() -> generation.run(chunk -> {})).isInstanceOf(InterruptedException.class);
  }

  @Test
  void chat_canceledWhileTheReaderIsSlow_endsAndLeavesTheEngineUsable() throws Exception {
    Generation generation = engine().start(chat(model()));
    CompletableFuture<Void> first = new CompletableFuture<>();
    CompletableFuture<Void> gate = new CompletableFuture<>();
    CompletableFuture<Throwable> ended =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                generation.run(
                    chunk -> {
                      first.complete(null);
                      gate.join();
                    });
                return new AssertionError("it ran to its end");
              } catch (Exception e) {
                return e;
              }
            });
    first.get(30, TimeUnit.SECONDS);
    generation.cancel();
    gate.complete(null);
    assertThat(ended.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    chat_streamsTheAnswerAndCountsIt();
  }

  @Test
  void chat_whoseReaderIsGone_failsWithTheReadersError_andLeavesTheEngineUsable() throws Exception {
    assertThatThrownBy(
            () ->
                engine()
                    .start(chat(model()))
                    .run(
                        chunk -> {
                          throw new IOException("nobody reads");
                        }))
        .isInstanceOf(IOException.class)
        .hasMessage("nobody reads");
    chat_streamsTheAnswerAndCountsIt();
  }

  @Test
  void chat_withUnknownModel_saysSo() {
    assertThatThrownBy(() -> engine().start(chat("no-such-model")).run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.NO_SUCH_MODEL));
  }

  /** Longer than anything takes in tests. */
  protected static final Patience PATIENCE =
      new Patience(Duration.ofSeconds(20), Duration.ofSeconds(20));
}
