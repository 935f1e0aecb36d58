package dev.waggle.mesh.swarm.exchange;

import dev.waggle.mesh.swarm.label.Label;
import java.util.List;
import java.util.Set;

/**
 * What a task asks for, in full. Travels only sealed, to the node that claimed the task.
 *
 * <p>One kind exists today, a chat with a model; code tasks will be another.
 */
public sealed interface TaskSpec {
  /** What must be true of a node that runs this. */
  Requirements requirements();

  /**
   * A conversation to be continued by a model.
   *
   * @param model the model as the peers advertise it
   * @param labels where it may run, at most {@link Label#OF_REQUEST_MAX}
   * @param messages the conversation so far, oldest first, at least one
   */
  record Chat(String model, Set<Label> labels, List<ChatMessage> messages, Sampling sampling)
      implements TaskSpec {
    public Chat {
      labels = Set.copyOf(labels);
      messages = List.copyOf(messages);
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("a chat needs at least one message");
      }
    }

    /** A chat that may run anywhere. */
    public Chat(String model, List<ChatMessage> messages, Sampling sampling) {
      this(model, Set.of(), messages, sampling);
    }

    @Override
    public Requirements requirements() {
      return new Requirements(model, labels);
    }
  }
}
