package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gathers what one event leads to, one message a neighbour. */
final class Outbox {
  private final Map<PeerId, Rpc> rpcs = new LinkedHashMap<>();
  private final List<Effect> others = new ArrayList<>();

  Rpc to(PeerState peer) {
    return rpcs.computeIfAbsent(peer.id, id -> new Rpc());
  }

  void add(Effect effect) {
    others.add(effect);
  }

  void graft(PeerState peer, String topic) {
    to(peer).grafts.add(topic);
  }

  void prune(PeerState peer, String topic, List<Rpc.ExchangedPeer> others, long backoffSeconds) {
    to(peer).prunes.add(new Rpc.Prune(topic, others, backoffSeconds));
  }

  void dontWant(PeerState peer, ByteString id) {
    to(peer).iDontWants.add(id);
  }

  /** Everything gathered, and forgets it. */
  List<Effect> drain() {
    if (rpcs.isEmpty() && others.isEmpty()) {
      return List.of();
    }
    List<Effect> effects = new ArrayList<>(rpcs.size() + others.size());
    rpcs.forEach((peer, rpc) -> effects.add(new Effect.Send(peer, rpc)));
    effects.addAll(others);
    rpcs.clear();
    others.clear();
    return effects;
  }
}
