package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.capability.Wanted;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What this node's users asked for lately, model by model. A request counts less the longer ago it
 * was, so that one number is kept and not a list of times. Thread-safe.
 */
final class RecentDemand {
  /** The time that the numbers are about. */
  static final Duration WINDOW = Duration.ofMinutes(10);

  /** The most models that are kept in mind. */
  static final int MODELS_MAX = 64;

  // Less than that is nothing.
  private static final double LEAST = 0.5;

  private record Count(double value, Instant at) {
    double now(Instant now) {
      double windows = (double) Duration.between(at, now).toMillis() / WINDOW.toMillis();
      return value * Math.exp(-Math.max(0, windows));
    }
  }

  private final Clock clock;
  private final Map<String, Count> counts = new HashMap<>();

  RecentDemand(Clock clock) {
    this.clock = clock;
  }

  /** A request for a model came. */
  synchronized void onRequest(String model) {
    Instant now = clock.instant();
    Count before = counts.get(model);
    if (before == null && counts.size() >= MODELS_MAX) {
      forgetLeast(now);
    }
    counts.put(model, new Count((before == null ? 0 : before.now(now)) + 1, now));
  }

  private void forgetLeast(Instant now) {
    counts.entrySet().stream()
        .min(Comparator.comparingDouble(each -> each.getValue().now(now)))
        .map(Map.Entry::getKey)
        .ifPresent(counts::remove);
  }

  /** The models that are wanted most, most first; at most {@value Wanted#MODELS_MAX}. */
  synchronized List<Wanted> top() {
    Instant now = clock.instant();
    counts.values().removeIf(each -> each.now(now) < LEAST);
    return counts.entrySet().stream()
        .map(each -> new Wanted(each.getKey(), requests(each.getValue().now(now))))
        .sorted(Comparator.comparingInt(Wanted::requests).reversed().thenComparing(Wanted::model))
        .limit(Wanted.MODELS_MAX)
        .toList();
  }

  private static int requests(double value) {
    return (int) Math.min(Wanted.REQUESTS_MAX, Math.max(1, Math.round(value)));
  }
}
