package dev.waggle.coordinator.job;

import java.time.Duration;
import java.util.Optional;

/** What became of an attempt. */
public sealed interface TaskEnd {
  /** It is done; the result is JSON. */
  record Done(String result) implements TaskEnd {}

  /**
   * It failed; another attempt may do better, unless it is final.
   *
   * @param result what came of it all the same, as JSON
   */
  record Failed(String cause, boolean isFinal, Optional<String> result) implements TaskEnd {
    /** An attempt of which nothing came. */
    public Failed(String cause, boolean isFinal) {
      this(cause, isFinal, Optional.empty());
    }
  }

  /** Nobody had time for it, which is nobody's fault and counts as no attempt. */
  record Postponed(Duration by) implements TaskEnd {}

  /** A person has to say how it goes on; what for is JSON. */
  record Asks(String question) implements TaskEnd {}
}
