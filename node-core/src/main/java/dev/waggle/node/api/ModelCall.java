package dev.waggle.node.api;

import dev.waggle.coordinator.Terms;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.util.List;

/**
 * A request of a client, read from whichever dialect, and how its answer will look.
 *
 * @param tasks one for each choice that the client wants
 * @param stream whether the answer is wanted piece by piece
 */
record ModelCall(List<? extends TaskSpec> tasks, Terms terms, boolean stream, AnswerForm form) {
  /** The most choices of one request. */
  static final int CHOICES_MAX = 16;

  ModelCall {
    tasks = List.copyOf(tasks);
    terms = stream ? terms : terms.whole();
  }
}
