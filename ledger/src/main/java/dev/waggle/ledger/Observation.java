package dev.waggle.ledger;

import java.time.Duration;

/**
 * What a requester saw of a task, as it measured it.
 *
 * @param outputBytes the answer's text, in UTF-8
 * @param firstChunk from the assignment to the first piece of the answer; all of it when none came
 * @param total from the assignment to the result
 * @param verification how the result is compared with those of other workers; empty when it is not
 */
public record Observation(
    long outputBytes, Duration firstChunk, Duration total, String verification) {
  /** Of a result that is compared with no other. */
  public Observation(long outputBytes, Duration firstChunk, Duration total) {
    this(outputBytes, firstChunk, total, "");
  }
}
