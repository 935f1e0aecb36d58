package dev.waggle.mesh.swarm.exchange;

/** A piece of a result, in order. */
public sealed interface Chunk {
  /** Text of the answer. */
  record Text(String text) implements Chunk {}

  /** Text of a model's visible reasoning, which is not part of the answer. */
  record Thinking(String text) implements Chunk {}
}
