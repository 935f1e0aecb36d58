package dev.waggle.worker.engine;

import java.time.Duration;

/**
 * How long an engine may say nothing before it counts as stuck.
 *
 * @param firstPiece from a chat's start to its first piece, loading and reading the prompt included
 * @param nextPiece from one piece to the next
 */
public record Patience(Duration firstPiece, Duration nextPiece) {
  public Patience {
    if (firstPiece.isNegative()
        || firstPiece.isZero()
        || nextPiece.isNegative()
        || nextPiece.isZero()) {
      throw new IllegalArgumentException("patience is more than nothing");
    }
  }
}
