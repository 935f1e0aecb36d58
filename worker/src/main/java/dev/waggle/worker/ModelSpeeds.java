package dev.waggle.worker;

import dev.waggle.mesh.swarm.capability.Speed;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** How fast each model runs here: running means that follow the last few tasks. Thread-safe. */
final class ModelSpeeds {
  /** What a task takes before anything is known. */
  static final Duration UNKNOWN_TASK = Duration.ofSeconds(5);

  private static final int MODELS_MAX = 256;

  // So many tokens at least, so that what surrounds them does not count.
  private static final int TOKENS_MIN = 8;

  // Engines report some microseconds for models that are loaded.
  private static final Duration LOAD_MIN = Duration.ofMillis(100);

  // A new figure counts for one in so many.
  private static final double WEIGHT = 4;

  private final Map<String, Means> byModel = new HashMap<>();

  private static final class Means {
    double taskSeconds;
    double prefillSecondsPerToken;
    double decodeSecondsPerToken;
    double loadSeconds;
    String lastBeginning = "";
  }

  /**
   * A task ended well.
   *
   * @param took how long it kept its slot
   * @param beginning of the prompt: where it is that of the task before, the engine knows a part of
   *     the prompt, and reads the rest only
   */
  synchronized void onRan(String model, Duration took, Usage usage, String beginning) {
    if (byModel.size() >= MODELS_MAX && !byModel.containsKey(model)) {
      return;
    }
    Means means = byModel.computeIfAbsent(model, name -> new Means());
    boolean fresh = !beginning.equals(means.lastBeginning);
    means.lastBeginning = beginning;
    means.taskSeconds = mean(means.taskSeconds, seconds(took));
    if (fresh && usage.promptTokens() >= TOKENS_MIN) {
      means.prefillSecondsPerToken =
          mean(means.prefillSecondsPerToken, seconds(usage.prefill()) / usage.promptTokens());
    }
    if (usage.outputTokens() >= TOKENS_MIN) {
      means.decodeSecondsPerToken =
          mean(means.decodeSecondsPerToken, seconds(usage.decode()) / usage.outputTokens());
    }
    if (usage.load().compareTo(LOAD_MIN) > 0) {
      means.loadSeconds = mean(means.loadSeconds, seconds(usage.load()));
    }
  }

  private static double mean(double known, double last) {
    return known == 0 ? last : known + (last - known) / WEIGHT;
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  /** How long a task with a model keeps its slot; empty before the first. */
  synchronized Optional<Duration> task(String model) {
    return Optional.ofNullable(byModel.get(model)).map(means -> duration(means.taskSeconds));
  }

  /** What is known of a model. */
  synchronized Speed of(String model) {
    Means means = byModel.get(model);
    return means == null
        ? Speed.UNKNOWN
        : new Speed(
            rate(means.prefillSecondsPerToken),
            rate(means.decodeSecondsPerToken),
            duration(means.loadSeconds));
  }

  private static Duration duration(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1_000));
  }

  /** In steps of a tenth, so that an advert does not change with every task. */
  private static double rate(double secondsPerToken) {
    if (secondsPerToken <= 0) {
      return 0;
    }
    double rate = Math.min(1e6, 1 / secondsPerToken);
    double step = Math.pow(10, Math.floor(Math.log10(rate)) - 1);
    return Math.round(rate / step) * step;
  }
}
