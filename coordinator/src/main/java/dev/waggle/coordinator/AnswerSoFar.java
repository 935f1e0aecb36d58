package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Continuation;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.util.OptionalInt;

/**
 * What the client has been told of an answer, so that another worker can go on with it. An engine
 * sends a piece for each token, or, for a part of a character, for a few of them: pieces are what
 * is known of tokens before the end.
 */
final class AnswerSoFar {
  /** The longest answer that can be continued, in characters; longer ones are not kept. */
  static final int CHARACTERS_MAX = 2 << 20;

  private final TaskSpec task;
  private final StringBuilder thinking = new StringBuilder();
  private final StringBuilder text = new StringBuilder();
  private boolean plain;
  private int pieces;
  private int carried;

  AnswerSoFar(TaskSpec task) {
    this.task = task;
    this.plain = isPlain(task);
  }

  void add(Chunk chunk) {
    pieces++;
    if (chunk instanceof Chunk.Text piece) {
      text.append(piece.text());
    } else if (chunk instanceof Chunk.Thinking thought) {
      thinking.append(thought.text());
    } else {
      plain = false;
    }
    if (text.length() + thinking.length() > CHARACTERS_MAX) {
      plain = false;
    }
  }

  /** Nothing was told yet. */
  boolean isEmpty() {
    return pieces == 0;
  }

  /** Its text, reasoning left out. */
  String text() {
    return text.toString();
  }

  /** Whether another worker could go on with it. */
  boolean canContinue() {
    return plain && !isEmpty();
  }

  /** Nothing of it counts any more. */
  void reset() {
    thinking.setLength(0);
    text.setLength(0);
    pieces = 0;
    carried = 0;
    plain = isPlain(task);
  }

  private static boolean isPlain(TaskSpec task) {
    return task instanceof TaskSpec.Chat chat && chat.options().isPlain();
  }

  /** From here on another worker goes on. */
  void carry() {
    carried = pieces;
  }

  private OptionalInt tokensLeft() {
    OptionalInt most = ((TaskSpec.Chat) task).sampling().maxTokens();
    return most.isPresent() ? OptionalInt.of(most.getAsInt() - carried) : most;
  }

  /** Whether the answer has all the tokens that it may have. */
  boolean isSpent() {
    return carried > 0 && tokensLeft().isPresent() && tokensLeft().getAsInt() <= 0;
  }

  /** What the next worker is to do. */
  TaskSpec rest() {
    if (carried == 0) {
      return task;
    }
    TaskSpec.Chat chat = (TaskSpec.Chat) task;
    Sampling sampling = chat.sampling();
    OptionalInt left = tokensLeft();
    return chat.after(
        new Continuation(thinking.toString(), text.toString()),
        left.isPresent() ? sampling.withMaxTokens(left.getAsInt()) : sampling);
  }

  /** What the whole answer used, where the last worker says what its part did. */
  Usage usage(Usage last) {
    return new Usage(
        Math.max(0, last.promptTokens() - carried),
        last.outputTokens() + carried,
        last.load(),
        last.prefill(),
        last.decode());
  }

  /** What an answer used that has all its tokens, as far as that is known. */
  Usage usage() {
    return new Usage(0, carried, Usage.NONE.load(), Usage.NONE.prefill(), Usage.NONE.decode());
  }
}
