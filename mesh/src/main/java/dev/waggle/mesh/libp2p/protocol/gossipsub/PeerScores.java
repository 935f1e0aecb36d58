package dev.waggle.mesh.libp2p.protocol.gossipsub;

import dev.waggle.crypto.PeerId;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What neighbours have earned (gossipsub v1.1 "The Score Function"). Times are nanoseconds. */
final class PeerScores {
  /** The most scores that are kept of peers that went away; the oldest makes room. */
  static final int RETAINED_MAX = 4_096;

  private final ScoreParameters parameters;
  private final Map<PeerId, Stats> connected = new HashMap<>();
  private final Map<PeerId, Stats> retained = new LinkedHashMap<>();
  private final Map<String, Integer> atAddress = new HashMap<>();

  private static final class Stats {
    String address = "";
    long forgetAt;
    double behaviour;
    final Map<String, TopicStats> topics = new HashMap<>(4);
  }

  private static final class TopicStats {
    final TopicScoreParameters parameters;
    boolean inMesh;
    long graftedAt;
    long meshTime;
    double firstDeliveries;
    double meshDeliveries;
    double failures;
    double invalid;

    TopicStats(TopicScoreParameters parameters) {
      this.parameters = parameters;
    }

    double deficit() {
      var expected = parameters.meshDeliveries();
      boolean active = inMesh && meshTime > expected.activation().toNanos();
      return active ? Math.max(0, expected.threshold() - meshDeliveries) : 0;
    }

    void onMeshDelivery() {
      meshDeliveries = Math.min(meshDeliveries + 1, parameters.meshDeliveries().cap());
    }

    void leaveMesh() {
      double deficit = deficit();
      failures += deficit * deficit;
      inMesh = false;
      meshTime = 0;
    }

    double score() {
      double deficit = deficit();
      var time = parameters.timeInMesh();
      double p1 =
          inMesh
              ? Math.min(time.cap(), Math.floor((double) meshTime / time.quantum().toNanos()))
              : 0;
      return parameters.weight()
          * (time.weight() * p1
              + parameters.firstDeliveries().weight() * firstDeliveries
              + parameters.meshDeliveries().weight() * deficit * deficit
              + parameters.meshDeliveries().failureWeight() * failures
              + parameters.invalidWeight() * invalid * invalid);
    }

    void decay(long now, double toZero) {
      firstDeliveries = decayed(firstDeliveries, parameters.firstDeliveries().decay(), toZero);
      meshDeliveries = decayed(meshDeliveries, parameters.meshDeliveries().decay(), toZero);
      failures = decayed(failures, parameters.meshDeliveries().failureDecay(), toZero);
      invalid = decayed(invalid, parameters.invalidDecay(), toZero);
      if (inMesh) {
        meshTime = now - graftedAt;
      }
    }
  }

  PeerScores(ScoreParameters parameters) {
    this.parameters = parameters;
  }

  /**
   * A neighbour came.
   *
   * @param address what it shares with others on the same machine; empty if that says nothing
   */
  void onPeer(PeerId peer, String address) {
    Stats kept = retained.remove(peer);
    Stats stats = kept == null ? new Stats() : kept;
    stats.address = address;
    connected.put(peer, stats);
    if (!address.isEmpty()) {
      atAddress.merge(address, 1, Integer::sum);
    }
  }

  void onPeerGone(PeerId peer, long now) {
    Stats stats = connected.remove(peer);
    if (stats == null) {
      return;
    }
    if (!stats.address.isEmpty()) {
      atAddress.computeIfPresent(stats.address, (address, n) -> n == 1 ? null : n - 1);
    }
    stats.topics.values().forEach(TopicStats::leaveMesh);
    stats.forgetAt = now + parameters.retain().toNanos();
    if (retained.size() >= RETAINED_MAX) {
      Iterator<PeerId> oldest = retained.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
    retained.put(peer, stats);
  }

  void onGraft(PeerId peer, String topic, long now) {
    TopicStats stats = topic(peer, topic);
    if (stats != null) {
      stats.inMesh = true;
      stats.graftedAt = now;
      stats.meshTime = 0;
    }
  }

  void onPrune(PeerId peer, String topic) {
    TopicStats stats = topic(peer, topic);
    if (stats != null) {
      stats.leaveMesh();
    }
  }

  /** A valid message came from it before it came from anybody else. */
  void onFirstDelivery(PeerId peer, String topic) {
    TopicStats stats = topic(peer, topic);
    if (stats != null) {
      stats.firstDeliveries =
          Math.min(stats.firstDeliveries + 1, stats.parameters.firstDeliveries().cap());
      if (stats.inMesh) {
        stats.onMeshDelivery();
      }
    }
  }

  /** It brought a valid message while that was validated. */
  void onNearDelivery(PeerId peer, String topic) {
    TopicStats stats = topic(peer, topic);
    if (stats != null && stats.inMesh) {
      stats.onMeshDelivery();
    }
  }

  /** It brought a valid message some time after the first. */
  void onLateDelivery(PeerId peer, String topic, long late) {
    if (late <= parameters.topic(topic).meshDeliveries().window().toNanos()) {
      onNearDelivery(peer, topic);
    }
  }

  /** It brought a message that is wrong. */
  void onInvalid(PeerId peer, String topic) {
    TopicStats stats = topic(peer, topic);
    if (stats != null) {
      stats.invalid++;
    }
  }

  /** It did what no well-made peer does. */
  void onMisbehaviour(PeerId peer, double count) {
    Stats stats = connected.get(peer);
    if (stats != null) {
      stats.behaviour += count;
    }
  }

  double score(PeerId peer) {
    Stats stats = connected.get(peer);
    if (stats == null) {
      return 0;
    }
    double topics = 0;
    for (TopicStats each : stats.topics.values()) {
      topics += each.score();
    }
    if (parameters.topicCap() > 0) {
      topics = Math.min(topics, parameters.topicCap());
    }
    double surplus =
        stats.address.isEmpty()
            ? 0
            : Math.max(
                0, atAddress.getOrDefault(stats.address, 0) - parameters.colocationThreshold());
    double slips = Math.max(0, stats.behaviour - parameters.behaviourThreshold());
    return topics
        + parameters.applicationWeight() * parameters.application().applyAsDouble(peer)
        + parameters.colocationWeight() * surplus * surplus
        + parameters.behaviourWeight() * slips * slips;
  }

  /** Called every {@link ScoreParameters#decayInterval()}. */
  void onDecay(long now) {
    double toZero = parameters.decayToZero();
    connected.values().forEach(stats -> decay(stats, now, toZero));
    retained.values().removeIf(stats -> stats.forgetAt - now <= 0);
    // Those that went away keep what they had, or a pause would pay.
  }

  private void decay(Stats stats, long now, double toZero) {
    stats.behaviour = decayed(stats.behaviour, parameters.behaviourDecay(), toZero);
    stats.topics.values().forEach(topic -> topic.decay(now, toZero));
  }

  private static double decayed(double counter, double factor, double toZero) {
    double left = counter * factor;
    return left < toZero ? 0 : left;
  }

  private @Nullable TopicStats topic(PeerId peer, String topic) {
    Stats stats = connected.get(peer);
    return stats == null
        ? null
        : stats.topics.computeIfAbsent(topic, name -> new TopicStats(parameters.topic(name)));
  }
}
