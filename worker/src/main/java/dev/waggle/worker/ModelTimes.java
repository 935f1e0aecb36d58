package dev.waggle.worker;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** How long tasks of each model take: a running mean that follows the last few. Thread-safe. */
final class ModelTimes {
  private static final int MODELS_MAX = 256;

  private final Map<String, Duration> means = new HashMap<>();

  synchronized void onRan(String model, Duration took) {
    if (means.size() < MODELS_MAX || means.containsKey(model)) {
      means.merge(model, took, (mean, last) -> mean.multipliedBy(3).plus(last).dividedBy(4));
    }
  }

  /** Empty before the first. */
  synchronized Optional<Duration> of(String model) {
    return Optional.ofNullable(means.get(model));
  }
}
