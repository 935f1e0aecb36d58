package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.TaskSpec;

/**
 * What a task will take, as far as that can be told before it runs.
 *
 * @param task what its node has to have
 * @param tokensLeast of the prompt, surely, that the model has to hold at once
 * @param tokens of the prompt, probably
 * @param outputTokens of the answer, probably
 * @param prompt for comparing it with others
 */
record Demand(
    Requirements task, long tokensLeast, long tokens, long outputTokens, PromptChain prompt) {
  /** How long a token is, in bytes. */
  static final int BYTES_PER_TOKEN = 4;

  // Of prose in a Latin script; code and other scripts have fewer.
  private static final int BYTES_PER_TOKEN_MAX = 6;

  // Code takes a while like a short answer, so that it goes where little else is done.
  private static final long CODE_TOKENS = 8;

  /** How much of a task a model has to hold in its context. */
  private static long atOnce(TaskSpec task, long bytes) {
    if (task instanceof TaskSpec.Embedding embedding) {
      // Each text is read by itself.
      return embedding.truncate()
          ? 0
          : embedding.inputs().stream().mapToLong(String::length).max().orElse(0);
    }
    return bytes;
  }

  static Demand of(TaskSpec task, long outputTokens) {
    long bytes = task.promptBytes();
    if (task instanceof TaskSpec.Code) {
      return new Demand(task.requirements(), 0, 0, CODE_TOKENS, PromptChain.of(task, ""));
    }
    return new Demand(
        task.requirements(),
        atOnce(task, bytes) / BYTES_PER_TOKEN_MAX,
        bytes / BYTES_PER_TOKEN,
        task instanceof TaskSpec.Embedding ? 0 : outputTokens,
        PromptChain.of(task, ""));
  }
}
