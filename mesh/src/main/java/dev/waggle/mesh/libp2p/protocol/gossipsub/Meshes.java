package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Shuffle;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * Who gets whole messages: the mesh of every topic of this node, and for topics that it only
 * publishes to, the fan-out. Times are nanoseconds.
 */
final class Meshes {
  /** How many others a pruned neighbour is told of. */
  static final int EXCHANGED_MAX = 16;

  /** How many recommendations of one neighbour are followed in a heartbeat. */
  static final int EXCHANGES_TAKEN_MAX = 16;

  /** The longest backoff that a neighbour can ask for. */
  static final long BACKOFF_SECONDS_MAX = 3_600;

  /** The most topics that are only published to; then the longest unused goes. */
  static final int FANOUTS_MAX = 64;

  private final GossipParameters parameters;
  private final MeshDegrees degrees;
  private final Peers peers;
  private final PeerScores scores;
  private final RandomGenerator random;
  private final Outbox outbox;
  private final Function<PeerId, ByteString> records;
  private final Backoffs backoffs = new Backoffs();
  private final Map<String, Set<PeerState>> meshes = new LinkedHashMap<>();
  private final Map<String, Fanout> fanouts = new LinkedHashMap<>();
  private long mendedAt;

  private static final class Fanout {
    final Set<PeerState> peers = new LinkedHashSet<>();
    long publishedAt;
  }

  Meshes(
      GossipParameters parameters,
      Peers peers,
      PeerScores scores,
      RandomGenerator random,
      Outbox outbox,
      Function<PeerId, ByteString> records,
      long now) {
    this.parameters = parameters;
    this.degrees = parameters.degrees();
    this.peers = peers;
    this.scores = scores;
    this.random = random;
    this.outbox = outbox;
    this.records = records;
    this.mendedAt = now;
  }

  boolean isJoined(String topic) {
    return meshes.containsKey(topic);
  }

  Set<String> topics() {
    return meshes.keySet();
  }

  /** The topics that gossip is about: joined, or only published to. */
  List<String> gossiped() {
    List<String> topics = new ArrayList<>(meshes.keySet());
    topics.addAll(fanouts.keySet());
    return topics;
  }

  Set<PeerState> mesh(String topic) {
    Set<PeerState> mesh = meshes.get(topic);
    return mesh == null ? Set.of() : Collections.unmodifiableSet(mesh);
  }

  /** Whether it gets whole messages of the topic. */
  boolean isLinked(PeerState peer, String topic) {
    Fanout fanout = fanouts.get(topic);
    return mesh(topic).contains(peer) || (fanout != null && fanout.peers.contains(peer));
  }

  void join(String topic, long now) {
    if (isJoined(topic)) {
      return;
    }
    Set<PeerState> mesh = new LinkedHashSet<>();
    meshes.put(topic, mesh);
    Fanout fanout = fanouts.remove(topic);
    if (fanout != null) {
      for (PeerState peer : fanout.peers) {
        if (mesh.size() < degrees.target() && isGraftable(peer, topic, mesh)) {
          graft(peer, topic, mesh, now);
        }
      }
    }
    fill(topic, mesh, now);
  }

  void leave(String topic, long now) {
    Set<PeerState> mesh = meshes.remove(topic);
    if (mesh == null) {
      return;
    }
    long backoff = parameters.timing().unsubscribeBackoff().toNanos();
    for (PeerState peer : mesh) {
      scores.onPrune(peer.id, topic);
      backoffs.add(peer.id, topic, now + backoff);
      outbox.prune(peer, topic, List.of(), parameters.timing().unsubscribeBackoff().toSeconds());
    }
  }

  /** A neighbour subscribed: a mesh that lacks members does not wait for the heartbeat. */
  void onSubscribed(PeerState peer, String topic, long now) {
    Set<PeerState> mesh = meshes.get(topic);
    if (mesh != null && mesh.size() < degrees.low() && isGraftable(peer, topic, mesh)) {
      graft(peer, topic, mesh, now);
    }
  }

  void onUnsubscribed(PeerState peer, String topic) {
    Set<PeerState> mesh = meshes.get(topic);
    if (mesh != null && mesh.remove(peer)) {
      scores.onPrune(peer.id, topic);
    }
    Fanout fanout = fanouts.get(topic);
    if (fanout != null) {
      fanout.peers.remove(peer);
    }
  }

  void onPeerGone(PeerState peer) {
    meshes.values().forEach(mesh -> mesh.remove(peer));
    fanouts.values().forEach(fanout -> fanout.peers.remove(peer));
  }

  void onGraft(PeerState peer, String topic, long now) {
    Set<PeerState> mesh = meshes.get(topic);
    if (mesh == null || mesh.contains(peer)) {
      return; // Answering grafts of unknown topics would serve a flood.
    }
    if (peer.direct || !peer.topics.contains(topic)) {
      refuse(peer, topic, List.of(), now);
    } else if (backoffs.isActive(peer.id, topic, now)) {
      scores.onMisbehaviour(peer.id, 1);
      refuse(peer, topic, List.of(), now);
    } else if (scores.score(peer.id) < 0) {
      refuse(peer, topic, List.of(), now);
    } else if (mesh.size() >= degrees.high() && !peer.outbound) {
      refuse(peer, topic, recommendations(peer, topic), now);
    } else {
      mesh.add(peer);
      scores.onGraft(peer.id, topic, now);
    }
  }

  private void refuse(PeerState peer, String topic, List<Rpc.ExchangedPeer> others, long now) {
    backoffs.add(peer.id, topic, now + parameters.timing().pruneBackoff().toNanos());
    outbox.prune(peer, topic, others, parameters.timing().pruneBackoff().toSeconds());
  }

  void onPrune(PeerState peer, Rpc.Prune prune, long now) {
    Set<PeerState> mesh = meshes.get(prune.topic());
    if (mesh == null) {
      return;
    }
    if (mesh.remove(peer)) {
      scores.onPrune(peer.id, prune.topic());
    }
    long seconds =
        prune.backoffSeconds() > 0
            ? Math.min(prune.backoffSeconds(), BACKOFF_SECONDS_MAX)
            : parameters.timing().pruneBackoff().toSeconds();
    backoffs.add(peer.id, prune.topic(), now + seconds * 1_000_000_000L);
    if (scores.score(peer.id) >= parameters.scores().thresholds().acceptExchange()) {
      for (Rpc.ExchangedPeer other : prune.peers()) {
        if (peer.exchangesTaken++ >= EXCHANGES_TAKEN_MAX) {
          break;
        }
        outbox.add(new Effect.Meet(other.peer(), other.record()));
      }
    }
  }

  /** Who gets a message of a topic that this node does not subscribe to. */
  Collection<PeerState> fanout(String topic, long now) {
    Fanout fanout = fanouts.get(topic);
    if (fanout == null) {
      if (fanouts.size() >= FANOUTS_MAX) {
        fanouts.remove(fanouts.keySet().iterator().next());
      }
      fanout = new Fanout();
    } else {
      fanouts.remove(topic); // It moves to the end: the newest used.
    }
    fanouts.put(topic, fanout);
    fanout.publishedAt = now;
    fill(topic, fanout);
    return fanout.peers;
  }

  void onHeartbeat(long now) {
    boolean mend =
        now - mendedAt >= parameters.timing().opportunisticGraft().toNanos()
            && degrees.target() > 0;
    if (mend) {
      mendedAt = now;
    }
    backoffs.expire(now, 2 * parameters.timing().heartbeat().toNanos());
    meshes.forEach((topic, mesh) -> maintain(topic, mesh, mend, now));
    fanouts
        .values()
        .removeIf(fanout -> now - fanout.publishedAt > parameters.timing().fanout().toNanos());
    fanouts.forEach(this::fill);
  }

  private void maintain(String topic, Set<PeerState> mesh, boolean mend, long now) {
    for (PeerState peer : List.copyOf(mesh)) {
      if (scores.score(peer.id) < 0) {
        prune(peer, topic, mesh, List.of(), now);
      }
    }
    if (mesh.size() < degrees.low()) {
      fill(topic, mesh, now);
    }
    if (mesh.size() > degrees.high()) {
      Set<PeerState> kept = keep(mesh);
      for (PeerState peer : List.copyOf(mesh)) {
        if (!kept.contains(peer)) {
          prune(peer, topic, mesh, recommendations(peer, topic), now);
        }
      }
    }
    graftOutbound(topic, mesh, now);
    if (mend && !mesh.isEmpty()) {
      double median = median(mesh);
      if (median < parameters.scores().thresholds().opportunisticGraft()) {
        peers
            .shuffled(
                topic,
                random,
                peer -> isGraftable(peer, topic, mesh) && scores.score(peer.id) > median)
            .stream()
            .limit(parameters.opportunisticGrafts())
            .forEach(peer -> graft(peer, topic, mesh, now));
      }
    }
  }

  /** The best and some others, among them enough that this node dialled. */
  private Set<PeerState> keep(Set<PeerState> mesh) {
    List<PeerState> order = new ArrayList<>(mesh);
    Shuffle.shuffle(order, random);
    order.sort(Comparator.comparingDouble((PeerState peer) -> scores.score(peer.id)).reversed());
    List<PeerState> others = order.subList(degrees.best(), order.size());
    Shuffle.shuffle(others, random);
    List<PeerState> kept = new ArrayList<>(order.subList(0, degrees.target()));
    long outbound = kept.stream().filter(peer -> peer.outbound).count();
    List<PeerState> left = order.subList(degrees.target(), order.size());
    // From the end, where the lower scored and randomly chosen ones are.
    int replace = kept.size() - 1;
    for (PeerState peer : left) {
      if (outbound >= degrees.outbound()) {
        break;
      }
      if (peer.outbound) {
        while (replace >= 0 && kept.get(replace).outbound) {
          replace--;
        }
        if (replace < 0) {
          break;
        }
        kept.set(replace--, peer);
        outbound++;
      }
    }
    return new LinkedHashSet<>(kept);
  }

  private void graftOutbound(String topic, Set<PeerState> mesh, long now) {
    long outbound = mesh.stream().filter(peer -> peer.outbound).count();
    if (mesh.size() < degrees.low() || outbound >= degrees.outbound()) {
      return;
    }
    peers.shuffled(topic, random, peer -> peer.outbound && isGraftable(peer, topic, mesh)).stream()
        .limit(degrees.outbound() - outbound)
        .forEach(peer -> graft(peer, topic, mesh, now));
  }

  private double median(Set<PeerState> mesh) {
    double[] sorted = mesh.stream().mapToDouble(peer -> scores.score(peer.id)).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private void fill(String topic, Set<PeerState> mesh, long now) {
    int lacking = degrees.target() - mesh.size();
    if (lacking > 0) {
      peers.shuffled(topic, random, peer -> isGraftable(peer, topic, mesh)).stream()
          .limit(lacking)
          .forEach(peer -> graft(peer, topic, mesh, now));
    }
  }

  private void fill(String topic, Fanout fanout) {
    double threshold = parameters.scores().thresholds().publish();
    fanout.peers.removeIf(peer -> scores.score(peer.id) < threshold);
    int lacking = degrees.target() - fanout.peers.size();
    if (lacking > 0) {
      peers
          .shuffled(
              topic,
              random,
              peer ->
                  !peer.direct
                      && !fanout.peers.contains(peer)
                      && scores.score(peer.id) >= threshold)
          .stream()
          .limit(lacking)
          .forEach(fanout.peers::add);
    }
  }

  private boolean isGraftable(PeerState peer, String topic, Set<PeerState> mesh) {
    return !peer.direct
        && peer.speaksControl()
        && !mesh.contains(peer)
        && !backoffs.contains(peer.id, topic)
        && scores.score(peer.id) >= 0;
  }

  private void graft(PeerState peer, String topic, Set<PeerState> mesh, long now) {
    mesh.add(peer);
    scores.onGraft(peer.id, topic, now);
    outbox.graft(peer, topic);
  }

  private void prune(
      PeerState peer, String topic, Set<PeerState> mesh, List<Rpc.ExchangedPeer> others, long now) {
    mesh.remove(peer);
    scores.onPrune(peer.id, topic);
    refuse(peer, topic, others, now);
  }

  /** Others of good score, for one that must go. */
  private List<Rpc.ExchangedPeer> recommendations(PeerState leaving, String topic) {
    if (!parameters.peerExchange() || scores.score(leaving.id) < 0) {
      return List.of();
    }
    return peers
        .shuffled(topic, random, peer -> !peer.id.equals(leaving.id) && scores.score(peer.id) >= 0)
        .stream()
        .limit(EXCHANGED_MAX)
        .map(peer -> new Rpc.ExchangedPeer(peer.idBytes, records.apply(peer.id)))
        .toList();
  }
}
