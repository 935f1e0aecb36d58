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
 * @param topK how many of the likeliest tokens are considered, 0 (all) or more
 * @param minP the least probability relative to the likeliest token, 0 to 1
 * @param penalties against repetition
 * @param seed makes the choice repeatable on one engine and model
 * @param stop texts that end the answer; at most {@value #STOPS_MAX}
 * @param logprobs wanted with each token, with so many alternatives, 0 to {@value Logprob#TOP_MAX}
 */
public record Sampling(
    OptionalInt maxTokens,
    OptionalDouble temperature,
    OptionalDouble topP,
    OptionalInt topK,
    OptionalDouble minP,
    Penalties penalties,
    OptionalLong seed,
    List<String> stop,
    OptionalInt logprobs) {
  /** The most stop texts of one request. */
  public static final int STOPS_MAX = 16;

  /**
   * Against repetition.
   *
   * @param presence of tokens that are there, -2 to 2
   * @param frequency of tokens by how often they are there, -2 to 2
   * @param repeat a factor on the last tokens, 0 to 10; 1 changes nothing
   */
  public record Penalties(
      OptionalDouble presence, OptionalDouble frequency, OptionalDouble repeat) {
    /** Left to the engine. */
    public static final Penalties DEFAULT =
        new Penalties(OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

    public Penalties {
      check("presence penalty", presence, -2, 2);
      check("frequency penalty", frequency, -2, 2);
      check("repeat penalty", repeat, 0, 10);
    }
  }

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
    check("temperature", temperature, 0, 2);
    check("top_p", topP, Double.MIN_VALUE, 1);
    check("min_p", minP, 0, 1);
    if (topK.isPresent() && topK.getAsInt() < 0) {
      throw new IllegalArgumentException("top_k must be 0 or more");
    }
    if (logprobs.isPresent()
        && (logprobs.getAsInt() < 0 || logprobs.getAsInt() > Logprob.TOP_MAX)) {
      throw new IllegalArgumentException("top logprobs are 0 to " + Logprob.TOP_MAX);
    }
  }

  /** The usual choices; the rest is left to the engine. */
  public Sampling(
      OptionalInt maxTokens,
      OptionalDouble temperature,
      OptionalDouble topP,
      OptionalLong seed,
      List<String> stop) {
    this(
        maxTokens,
        temperature,
        topP,
        OptionalInt.empty(),
        OptionalDouble.empty(),
        Penalties.DEFAULT,
        seed,
        stop,
        OptionalInt.empty());
  }

  /** The same with another limit. */
  public Sampling withMaxTokens(int tokens) {
    return new Sampling(
        OptionalInt.of(tokens), temperature, topP, topK, minP, penalties, seed, stop, logprobs);
  }

  /** The same with another seed, so that another answer comes. */
  public Sampling withSeed(long other) {
    return new Sampling(
        maxTokens,
        temperature,
        topP,
        topK,
        minP,
        penalties,
        OptionalLong.of(other),
        stop,
        logprobs);
  }

  private static void check(String what, OptionalDouble value, double least, double most) {
    if (value.isPresent() && !(value.getAsDouble() >= least && value.getAsDouble() <= most)) {
      throw new IllegalArgumentException(what + " must be between " + least + " and " + most);
    }
  }
}
