package dev.waggle.mesh.swarm.job;

import dev.waggle.crypto.PeerId;
import java.util.HashMap;
import java.util.Map;

/** How many bytes of bodies are being taken in; each is in memory until it is answered. */
final class JobBodies {
  /** The most of all members; two whole jobs. */
  static final int BYTES_MAX = 2 * JobProtocol.BODY_BYTES_MAX;

  /** The most of one member. */
  static final int OF_ONE_MAX = JobProtocol.BODY_BYTES_MAX;

  private final Map<PeerId, Integer> byMember = new HashMap<>();
  private long all;

  /** Takes room for a body; false when there is none now. */
  synchronized boolean take(PeerId member, int bytes) {
    int before = byMember.getOrDefault(member, 0);
    if (all + bytes > BYTES_MAX || before + bytes > OF_ONE_MAX) {
      return false;
    }
    all += bytes;
    byMember.put(member, before + bytes);
    return true;
  }

  /** Gives room back. */
  synchronized void free(PeerId member, int bytes) {
    all -= bytes;
    byMember.computeIfPresent(member, (id, held) -> held == bytes ? null : held - bytes);
  }
}
