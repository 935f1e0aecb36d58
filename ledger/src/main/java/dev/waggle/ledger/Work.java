package dev.waggle.ledger;

import java.time.Duration;

/**
 * What a worker did for a task, as it measured it.
 *
 * @param promptTokens tokens read, 0 or more
 * @param outputTokens tokens generated, 0 or more
 * @param promptBytes the prompt's text, in UTF-8
 * @param outputBytes the answer's text, in UTF-8; the requester counts it, too
 * @param load time to load the model
 * @param prefill time to read the prompt
 * @param decode time to generate
 * @param accelerated whether a GPU did it
 * @param parameters the model's size, in millions of parameters; 0 when unknown
 * @param demandPercent tasks here for each slot when it was claimed, in percent
 * @param outcome how the answer ended, for example {@code stop} or {@code length}
 */
public record Work(
    int promptTokens,
    int outputTokens,
    long promptBytes,
    long outputBytes,
    Duration load,
    Duration prefill,
    Duration decode,
    boolean accelerated,
    long parameters,
    int demandPercent,
    String outcome) {
  /** How long the machine worked. */
  public Duration time() {
    return load.plus(prefill).plus(decode);
  }
}
