package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.TaskSpec;

/** The size an offer shows: the next power of two, so that it tells little of the task. */
final class SizeBucket {
  private static final int SMALLEST = 1 << 10;
  private static final int LARGEST = 1 << 24;

  private SizeBucket() {}

  static int of(TaskSpec spec) {
    long prompt = spec.promptBytes();
    // Framing adds a little.
    long bytes = prompt + (prompt >> 3);
    int bucket = SMALLEST;
    while (bucket < bytes && bucket < LARGEST) {
      bucket <<= 1;
    }
    return bucket;
  }
}
