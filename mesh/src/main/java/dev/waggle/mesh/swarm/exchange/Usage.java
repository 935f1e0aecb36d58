package dev.waggle.mesh.swarm.exchange;

import java.time.Duration;

/**
 * What a chat used, as the engine counted it.
 *
 * @param promptTokens tokens read, 0 or more
 * @param outputTokens tokens generated, 0 or more
 * @param load time to load the model; zero when it was loaded
 * @param prefill time to read the prompt
 * @param decode time to generate the answer
 */
public record Usage(
    int promptTokens, int outputTokens, Duration load, Duration prefill, Duration decode) {
  /** Nothing used. */
  public static final Usage NONE = new Usage(0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO);
}
