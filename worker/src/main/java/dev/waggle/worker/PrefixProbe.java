package dev.waggle.worker;

import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Continuation;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tries whether an engine goes on with the beginning of an answer as if it had written that itself:
 * a greedy answer is made once in whole, then its second half again after its first. Only where the
 * halves fit does an answer that broke off elsewhere go on here. A model that shows its reasoning
 * has to pass in both phases.
 */
final class PrefixProbe {
  private static final int TOKENS = 24;
  private static final int PIECES_MIN = 4;
  private static final String PROMPT =
      "Write the names of the twelve months in their order, with a comma after each.";

  private final Engine engine;
  private final ModelOffer model;
  private @Nullable Generation running;
  private boolean canceled;

  PrefixProbe(Engine engine, ModelOffer model) {
    this.engine = engine;
    this.model = model;
  }

  /** What was said, piece by piece. */
  private record Said(List<String> thinking, List<String> text) {}

  /**
   * Blocks while the engine answers.
   *
   * @throws InterruptedException when it was cancelled
   */
  boolean passes() throws EngineException, IOException, InterruptedException {
    if (!model.abilities().contains(Ability.THINKING)) {
      return continuesText(Optional.empty());
    }
    Said whole = say(Optional.empty(), TOKENS, Optional.of("true"));
    if (whole.thinking().size() < PIECES_MIN || !whole.text().isEmpty()) {
      return false;
    }
    int half = whole.thinking().size() / 2;
    Said rest =
        say(
            Optional.of(new Continuation(join(whole.thinking().subList(0, half)), "")),
            whole.thinking().size() - half,
            Optional.of("true"));
    return join(rest.thinking())
            .equals(join(whole.thinking().subList(half, whole.thinking().size())))
        && continuesText(Optional.of("false"));
  }

  private boolean continuesText(Optional<String> think)
      throws EngineException, IOException, InterruptedException {
    List<String> whole = say(Optional.empty(), TOKENS, think).text();
    if (whole.size() < PIECES_MIN) {
      return false;
    }
    int half = whole.size() / 2;
    Said rest =
        say(
            Optional.of(new Continuation("", join(whole.subList(0, half)))),
            whole.size() - half,
            think);
    return join(rest.text()).equals(join(whole.subList(half, whole.size())));
  }

  private static String join(List<String> pieces) {
    return String.join("", pieces);
  }

  private Said say(Optional<Continuation> begun, int tokens, Optional<String> think)
      throws EngineException, IOException, InterruptedException {
    Sampling greedy =
        new Sampling(
            OptionalInt.of(tokens),
            OptionalDouble.of(0),
            OptionalDouble.empty(),
            OptionalLong.of(1),
            List.of());
    Generation generation =
        engine.start(
            new TaskSpec.Chat(
                model.name(),
                Set.of(),
                List.of(new ChatMessage(ChatMessage.Role.USER, PROMPT)),
                greedy,
                new ChatOptions(List.of(), ChatOptions.AUTO, Optional.empty(), think),
                begun));
    synchronized (this) {
      if (canceled) {
        throw new InterruptedException("canceled");
      }
      running = generation;
    }
    Said said = new Said(new ArrayList<>(), new ArrayList<>());
    generation.run(
        chunk -> {
          if (chunk instanceof Chunk.Thinking thought) {
            said.thinking().add(thought.text());
          } else if (chunk instanceof Chunk.Text text) {
            said.text().add(text.text());
          }
        });
    return said;
  }

  /** Makes the engine stop; from any thread. */
  void cancel() {
    Generation now;
    synchronized (this) {
      canceled = true;
      now = running;
    }
    if (now != null) {
      now.cancel();
    }
  }
}
