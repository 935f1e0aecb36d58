package dev.waggle.mesh.swarm.exchange;

import java.nio.charset.StandardCharsets;

/** Text as it travels. */
final class Utf8 {
  private Utf8() {}

  /** How long a text is, in bytes. */
  static long length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
