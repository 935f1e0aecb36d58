package dev.waggle.mesh.libp2p.protocol.gossipsub;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Shuffle;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The connected neighbours, in the order of their coming. */
final class Peers {
  private final Map<PeerId, PeerState> byId = new LinkedHashMap<>();
  private final List<PeerState> flooding = new ArrayList<>(0);
  private final List<PeerState> direct = new ArrayList<>(0);

  void add(PeerState peer) {
    byId.put(peer.id, peer);
    if (!peer.speaksControl()) {
      flooding.add(peer);
    } else if (peer.direct) {
      direct.add(peer);
    }
  }

  @Nullable PeerState remove(PeerId id) {
    PeerState peer = byId.remove(id);
    flooding.remove(peer);
    direct.remove(peer);
    return peer;
  }

  @Nullable PeerState find(PeerId id) {
    return byId.get(id);
  }

  Collection<PeerState> all() {
    return byId.values();
  }

  /** Those that get everything of their topics, whatever the mesh is. */
  List<PeerState> flooding() {
    return flooding;
  }

  /** Those with a peering agreement. */
  List<PeerState> direct() {
    return direct;
  }

  /** Subscribers of a topic that speak control and fit, in random order. */
  List<PeerState> shuffled(String topic, RandomGenerator random, Predicate<PeerState> fits) {
    List<PeerState> found = new ArrayList<>();
    for (PeerState peer : byId.values()) {
      if (peer.speaksControl() && peer.topics.contains(topic) && fits.test(peer)) {
        found.add(peer);
      }
    }
    Shuffle.shuffle(found, random);
    return found;
  }
}
