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

  /** A model of it that answers in at least five pieces. */
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
    Generation.End end = engine().chat(chat(model())).run(chunks::add);
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
    engine().chat(chat(model(), sampling)).run(chunks::add);
    assertThat(text(chunks).strip()).isEqualTo(answer());
  }

  @Test
  void chat_canceledBeforeRun_doesNotRun() {
    Generation generation = engine().chat(chat(model()));
    generation.cancel();
    assertThatThrownBy(() -> generation.run(chunk -> {})).isInstanceOf(InterruptedException.class);
  }

  @Test
  void chat_canceledWhileTheReaderIsSlow_endsAndLeavesTheEngineUsable() throws Exception {
    Generation generation = engine().chat(chat(model()));
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
                    .chat(chat(model()))
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
    assertThatThrownBy(() -> engine().chat(chat("no-such-model")).run(chunk -> {}))
        .isInstanceOfSatisfying(
            EngineException.class,
            e -> assertThat(e.failure()).isEqualTo(Outcome.Failure.NO_SUCH_MODEL));
  }

  /** Longer than anything takes in tests. */
  protected static final Patience PATIENCE =
      new Patience(Duration.ofSeconds(20), Duration.ofSeconds(20));
}
