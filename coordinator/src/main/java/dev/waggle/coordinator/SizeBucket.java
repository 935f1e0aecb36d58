package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.TaskSpec;

/** The size an offer shows: the next power of two, so that it tells little of the task. */
final class SizeBucket {
  private static final int SMALLEST = 1 << 10;
  private static final int LARGEST = 1 << 24;
  // UTF-8 takes at most three bytes for a UTF-16 unit, and framing a little more.
  private static final int BYTES_PER_CHARACTER_MAX = 3;
  private static final int FRAMING = 16;

  private SizeBucket() {}

  static int of(TaskSpec spec) {
    long bytes = 0;
    if (spec instanceof TaskSpec.Chat chat) {
      for (ChatMessage message : chat.messages()) {
        bytes += (long) message.content().length() * BYTES_PER_CHARACTER_MAX + FRAMING;
      }
    }
    int bucket = SMALLEST;
    while (bucket < bytes && bucket < LARGEST) {
      bucket <<= 1;
    }
    return bucket;
  }
}
