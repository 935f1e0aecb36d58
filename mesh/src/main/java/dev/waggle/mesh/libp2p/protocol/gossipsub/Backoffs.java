package dev.waggle.mesh.libp2p.protocol.gossipsub;

import dev.waggle.crypto.PeerId;
import java.util.HashMap;
import java.util.Map;

/** Which neighbours must not be grafted before when. Survives their disconnection. */
final class Backoffs {
  /** The most of them; a new one beyond is not kept, and its graft may be refused. */
  static final int ENTRIES_MAX = 8_192;

  private final Map<Link, Long> until = new HashMap<>();

  private record Link(PeerId peer, String topic) {}

  /** Extends, never shortens. */
  void add(PeerId peer, String topic, long time) {
    Link link = new Link(peer, topic);
    Long known = until.get(link);
    if (known != null ? known - time < 0 : until.size() < ENTRIES_MAX) {
      until.put(link, time);
    }
  }

  boolean contains(PeerId peer, String topic) {
    return !until.isEmpty() && until.containsKey(new Link(peer, topic));
  }

  boolean isActive(PeerId peer, String topic, long now) {
    Long time = until.isEmpty() ? null : until.get(new Link(peer, topic));
    return time != null && time - now > 0;
  }

  /** Forgets those that were over some time ago; the slack spares a graft that comes too early. */
  void expire(long now, long slack) {
    if (!until.isEmpty()) {
      until.values().removeIf(time -> time + slack - now < 0);
    }
  }
}
