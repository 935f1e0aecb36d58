package dev.waggle.mesh.swarm.exchange;

import java.nio.charset.StandardCharsets;

/** A piece of a result, in order. */
public sealed interface Chunk {
  /** Text of the answer. */
  record Text(String text) implements Chunk {}

  /** Text of a model's visible reasoning, which is not part of the answer. */
  record Thinking(String text) implements Chunk {}

  /** What it says. */
  String text();

  /** How long its text is in UTF-8; worker and requester both count that. */
  default long textBytes() {
    return text().getBytes(StandardCharsets.UTF_8).length;
  }
}
