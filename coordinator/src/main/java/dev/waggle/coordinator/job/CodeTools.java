package dev.waggle.coordinator.job;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is at hand for writing code. What was asked for under a step's name once is not asked for
 * again, not even after a crash: the same answer comes; of a script, only if it is the same.
 * Thread-safe; blocks.
 */
interface CodeTools {
  /**
   * How a script ended.
   *
   * @param passed whether it ended well
   * @param output what it wrote, errors last, or why it could not be run
   * @param worker who ran it, by its peer id
   */
  record Ran(boolean passed, String output, String worker) {}

  /**
   * The files of a repository.
   *
   * @param sha256 of its snapshot
   * @throws IOException if this node does not have it (any more), or cannot read it
   */
  Repository repository(String sha256) throws IOException;

  /**
   * Asks a model of the swarm.
   *
   * @param seed so that candidates differ
   * @param spread how many nodes the candidates should be spread over; this is one of them
   * @throws RefusedException if this question is too long for it, or cannot be answered otherwise
   * @throws IOException if none answers; the message names the cause
   */
  String ask(String step, String model, List<ChatMessage> messages, long seed, Spread spread)
      throws IOException, InterruptedException;

  /**
   * Asks a model for what the work can go on without: where the question is refused, the answer is
   * empty, and those who follow the job hear why.
   */
  default String askIfTaken(String step, String model, List<ChatMessage> messages, Spread spread)
      throws IOException, InterruptedException {
    try {
      return ask(step, model, messages, 0, spread);
    } catch (RefusedException e) {
      tellRefused(step, e);
      return "";
    }
  }

  /** Lets everybody who follows the job know that a question was not answered, and why. */
  default void tellRefused(String step, RefusedException why) {
    tell(
        JsonNodeFactory.instance
            .objectNode()
            .put("what", "refused")
            .put("step", step)
            .put("why", why.getMessage()));
  }

  /**
   * Runs a script in a sandbox of the swarm.
   *
   * @param notBy who is not to run it, by peer ids, where anybody else can
   * @throws RefusedException if no sandbox could run such a script
   * @throws IOException if none can; the message names the cause
   */
  Ran run(String step, TaskSpec.Code script, Set<String> notBy)
      throws IOException, InterruptedException;

  /** Asks a model outside the swarm; empty where that is not allowed. */
  Optional<String> askUpstream(String step, List<ChatMessage> messages)
      throws IOException, InterruptedException;

  /** Lets everybody who follows the job know what has happened. */
  void tell(ObjectNode event);

  /** What a person answered to a question, counted from 0; empty as long as none did. */
  Optional<JsonNode> answer(int question);

  /** Which nodes candidates took, so that each takes another. */
  final class Spread {
    private final Set<String> taken = new HashSet<>();

    /** The nodes that were taken so far. */
    synchronized Set<String> taken() {
      return Set.copyOf(taken);
    }

    /** A candidate took a node. */
    synchronized void take(String worker) {
      taken.add(worker);
    }
  }
}
