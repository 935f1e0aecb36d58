package dev.waggle.mesh.swarm.exchange;

import java.util.List;

/**
 * How likely a token was.
 *
 * @param token its text; a part of a character shows as replacement
 * @param bytes its text in UTF-8, each byte 0 to 255
 * @param logprob the natural logarithm of its probability
 * @param top the likeliest tokens in its place, without tops of their own
 */
public record Logprob(String token, List<Integer> bytes, double logprob, List<Logprob> top) {
  /** The most alternatives that can be asked for. */
  public static final int TOP_MAX = 20;

  public Logprob {
    bytes = List.copyOf(bytes);
    top = List.copyOf(top);
  }
}
