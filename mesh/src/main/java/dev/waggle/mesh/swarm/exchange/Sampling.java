package dev.waggle.mesh.swarm.exchange;

import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How the engine chooses tokens; what is empty is left to the engine.
 *
 * @param maxTokens the most tokens to generate, 1 or more
 * @param temperature 0 (greedy) to 2
 * @param topP nucleus probability, above 0 and at most 1
 * @param seed makes the choice repeatable on one engine and model
 * @param stop texts that end the answer; at most {@value #STOPS_MAX}
 */
public record Sampling(
    OptionalInt maxTokens,
    OptionalDouble temperature,
    OptionalDouble topP,
    OptionalLong seed,
    List<String> stop) {
  /** The most stop texts of one request. */
  public static final int STOPS_MAX = 16;

  /** Everything left to the engine. */
  public static final Sampling DEFAULT =
      new Sampling(
          OptionalInt.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          OptionalLong.empty(),
          List.of());

  public Sampling {
    stop = List.copyOf(stop);
    if (stop.size() > STOPS_MAX) {
      throw new IllegalArgumentException("at most " + STOPS_MAX + " stop texts");
    }
    if (maxTokens.isPresent() && maxTokens.getAsInt() < 1) {
      throw new IllegalArgumentException("max tokens must be 1 or more");
    }
    if (temperature.isPresent()
        && !(temperature.getAsDouble() >= 0 && temperature.getAsDouble() <= 2)) {
      throw new IllegalArgumentException("temperature must be between 0 and 2");
    }
    if (topP.isPresent() && !(topP.getAsDouble() > 0 && topP.getAsDouble() <= 1)) {
      throw new IllegalArgumentException("top_p must be above 0 and at most 1");
    }
  }
}
