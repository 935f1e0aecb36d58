package dev.waggle.mesh.swarm.exchange;

/**
 * A tool that a model calls, or, in an answer's stream, a part of that.
 *
 * @param index which call of the answer it is, from 0
 * @param id what the tool's answer will name; may be empty
 * @param name the tool; empty in all parts but the first
 * @param arguments JSON text; in a stream the next part of it
 */
public record ToolCall(int index, String id, String name, String arguments) {
  /** The most calls of one answer. */
  public static final int CALLS_MAX = 128;

  public ToolCall {
    if (index < 0 || index >= CALLS_MAX) {
      throw new IllegalArgumentException("an answer has at most " + CALLS_MAX + " calls");
    }
  }
}
