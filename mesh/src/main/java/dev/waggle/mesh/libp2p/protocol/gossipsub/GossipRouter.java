package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides who gets which message (gossipsub v1.0, v1.1 and v1.2). Performs no I/O and reads no
 * clock: each event returns what is to be done.
 *
 * <p>Not thread-safe. Times are nanoseconds of one monotonic clock. One seed of the random
 * generator and one sequence of events give one sequence of effects.
 */
final class GossipRouter {
  /** The most messages under validation; more are dropped, and nobody is blamed. */
  static final int VALIDATING_MAX = 2_048;

  /** The most different messages of one id under validation: forgeries next to the true one. */
  static final int VARIANTS_MAX = 4;

  private final ByteString selfBytes;
  private final GossipParameters parameters;
  private final Set<PeerId> directPeers;
  private final Outbox outbox = new Outbox();
  private final Peers peers = new Peers();
  private final PeerScores scores;
  private final Meshes meshes;
  private final Gossip gossip;
  private final MessageCache cache;
  private final SeenMessages seen;
  private final Map<ByteString, List<Pending>> validating = new HashMap<>();
  private int pendingCount;
  private long decayedAt;

  /** A message under validation, and who brought it so far, the first first. */
  private record Pending(Message message, Set<PeerState> holders) {}

  /**
   * @param records the signed addresses of a peer, empty when unknown
   * @param directPeers peers with an agreement to pass on everything
   */
  GossipRouter(
      PeerId self,
      GossipParameters parameters,
      Set<PeerId> directPeers,
      Function<PeerId, ByteString> records,
      RandomGenerator random,
      long now) {
    this.selfBytes = ByteString.copyFrom(self.multihash());
    this.parameters = parameters;
    this.directPeers = Set.copyOf(directPeers);
    this.scores = new PeerScores(parameters.scores());
    this.cache =
        new MessageCache(parameters.timing().historyWindows(), parameters.timing().gossipWindows());
    this.seen = new SeenMessages(parameters.timing().seen().toNanos());
    this.meshes = new Meshes(parameters, peers, scores, random, outbox, records, now);
    this.gossip = new Gossip(parameters, peers, scores, meshes, cache, random, outbox);
    this.decayedAt = now;
  }

  // ---- neighbours

  /**
   * A neighbour came.
   *
   * @param outbound whether this host dialled it
   * @param address what it shares with others on the same machine; empty if that says nothing
   */
  List<Effect> onPeer(PeerId id, PeerState.Kind kind, boolean outbound, String address) {
    if (peers.find(id) != null) {
      return List.of();
    }
    PeerState peer = new PeerState(id, kind, outbound, directPeers.contains(id));
    peers.add(peer);
    scores.onPeer(id, address);
    for (String topic : meshes.topics()) {
      outbox.to(peer).subscriptions.add(new Rpc.Subscription(topic, true));
    }
    return outbox.drain();
  }

  /** A neighbour went away. */
  List<Effect> onPeerGone(PeerId id, long now) {
    PeerState peer = peers.remove(id);
    if (peer != null) {
      meshes.onPeerGone(peer);
      scores.onPeerGone(id, now);
    }
    return outbox.drain();
  }

  /** Whether a neighbour's words are dropped unread. */
  boolean isGraylisted(PeerId id) {
    return !directPeers.contains(id)
        && scores.score(id) < parameters.scores().thresholds().graylist();
  }

  /** A neighbour says something. */
  List<Effect> onRpc(PeerId from, Rpc rpc, long now) {
    PeerState peer = peers.find(from);
    if (peer == null || isGraylisted(from)) {
      return List.of();
    }
    for (Rpc.Subscription each : rpc.subscriptions) {
      onSubscription(peer, each, now);
    }
    for (Message message : rpc.messages) {
      onMessage(peer, message, now);
    }
    for (Rpc.IHave iHave : rpc.iHaves) {
      gossip.onIHave(peer, iHave, this::isKnown, now);
    }
    if (!rpc.iWants.isEmpty()) {
      gossip.onIWant(peer, rpc.iWants);
    }
    for (String topic : rpc.grafts) {
      meshes.onGraft(peer, topic, now);
    }
    for (Rpc.Prune prune : rpc.prunes) {
      meshes.onPrune(peer, prune, now);
    }
    if (!rpc.iDontWants.isEmpty()) {
      gossip.onIDontWant(peer, rpc.iDontWants);
    }
    return outbox.drain();
  }

  private void onSubscription(PeerState peer, Rpc.Subscription subscription, long now) {
    String topic = subscription.topic();
    if (!subscription.subscribe()) {
      if (peer.topics.remove(topic)) {
        meshes.onUnsubscribed(peer, topic);
      }
    } else if (peer.topics.size() < PeerState.TOPICS_MAX && peer.topics.add(topic)) {
      meshes.onSubscribed(peer, topic, now);
      if (meshes.isJoined(topic)) {
        outbox.add(new Effect.Subscribed(topic));
      }
    }
  }

  // ---- this node

  /** This node subscribes to a topic. */
  List<Effect> join(String topic, long now) {
    if (!meshes.isJoined(topic)) {
      announce(topic, true);
      meshes.join(topic, now);
    }
    return outbox.drain();
  }

  /** This node ends its subscription. */
  List<Effect> leave(String topic, long now) {
    if (meshes.isJoined(topic)) {
      meshes.leave(topic, now);
      announce(topic, false);
    }
    return outbox.drain();
  }

  private void announce(String topic, boolean subscribe) {
    Rpc.Subscription subscription = new Rpc.Subscription(topic, subscribe);
    peers.all().forEach(peer -> outbox.to(peer).subscriptions.add(subscription));
  }

  /** This node publishes a message, which it has signed. */
  List<Effect> publish(Message message, long now) {
    seen.add(message.id(), Judgement.ACCEPTED, now);
    cache.put(message);
    Set<PeerState> receivers = new LinkedHashSet<>();
    String topic = message.topic();
    double threshold = parameters.scores().thresholds().publish();
    if (parameters.floodPublish()) {
      for (PeerState peer : peers.all()) {
        if (peer.topics.contains(topic) && (peer.direct || scores.score(peer.id) >= threshold)) {
          receivers.add(peer);
        }
      }
    } else {
      addAlways(topic, receivers);
      receivers.addAll(meshes.isJoined(topic) ? meshes.mesh(topic) : meshes.fanout(topic, now));
    }
    send(message, receivers);
    return outbox.drain();
  }

  // ---- messages

  private boolean isKnown(ByteString id) {
    return seen.contains(id) || validating.containsKey(id);
  }

  private void onMessage(PeerState peer, Message message, long now) {
    if (!meshes.isJoined(message.topic()) || message.from().equals(selfBytes)) {
      return;
    }
    SeenMessages.Seen known = seen.find(message.id());
    if (known != null) {
      onDuplicate(peer, message, known, now);
      return;
    }
    List<Pending> variants = validating.get(message.id());
    if (variants != null) {
      for (Pending pending : variants) {
        if (pending.message.encoded().equals(message.encoded())) {
          pending.holders.add(peer);
          return;
        }
      }
    }
    if (pendingCount >= VALIDATING_MAX || (variants != null && variants.size() >= VARIANTS_MAX)) {
      return;
    }
    Set<PeerState> holders = new LinkedHashSet<>(4);
    holders.add(peer);
    validating
        .computeIfAbsent(message.id(), id -> new ArrayList<>(1))
        .add(new Pending(message, holders));
    pendingCount++;
    outbox.add(new Effect.Validate(message));
  }

  private void onDuplicate(PeerState peer, Message message, SeenMessages.Seen known, long now) {
    if (known.judgement() == Judgement.ACCEPTED) {
      scores.onLateDelivery(peer.id, message.topic(), now - known.at());
    } else if (known.judgement() == Judgement.REJECTED) {
      scores.onInvalid(peer.id, message.topic());
    }
  }

  /** A message that was to be validated has been. */
  List<Effect> onJudged(Message message, Judgement judgement, long now) {
    Pending pending = remove(message);
    if (pending == null) {
      return List.of();
    }
    switch (judgement) {
      case ACCEPTED -> {
        if (!seen.contains(message.id())) {
          accept(pending, now);
        }
      }
      case IGNORED -> {
        gossip.onReceived(message.id());
        seen.add(message.id(), judgement, now);
      }
      case REJECTED -> {
        gossip.onReceived(message.id());
        seen.add(message.id(), judgement, now);
        blame(pending);
      }
      case FORGED -> blame(pending);
      case UNJUDGED -> gossip.onReceived(message.id()); // It kept its promise all the same.
    }
    return outbox.drain();
  }

  private void blame(Pending pending) {
    pending.holders.forEach(peer -> scores.onInvalid(peer.id, pending.message.topic()));
  }

  private @Nullable Pending remove(Message message) {
    List<Pending> variants = validating.get(message.id());
    if (variants == null) {
      return null;
    }
    for (Pending pending : variants) {
      if (pending.message.encoded().equals(message.encoded())) {
        variants.remove(pending);
        pendingCount--;
        if (variants.isEmpty()) {
          validating.remove(message.id());
        }
        return pending;
      }
    }
    return null;
  }

  private void accept(Pending pending, long now) {
    Message message = pending.message;
    String topic = message.topic();
    gossip.onReceived(message.id());
    seen.add(message.id(), Judgement.ACCEPTED, now);
    boolean first = true;
    for (PeerState holder : pending.holders) {
      if (first) {
        scores.onFirstDelivery(holder.id, topic);
      } else {
        scores.onNearDelivery(holder.id, topic);
      }
      first = false;
    }
    cache.put(message);
    Set<PeerState> receivers = new LinkedHashSet<>(meshes.mesh(topic));
    addAlways(topic, receivers);
    receivers.removeAll(pending.holders);
    receivers.removeIf(peer -> peer.idBytes.equals(message.from()));
    // Only now: who says so of a forgery would keep the true message away from itself.
    if (message.encoded().size() >= parameters.dontWantBytesMin()) {
      for (PeerState peer : receivers) {
        if (peer.kind == PeerState.Kind.MESH_DONT_WANT) {
          outbox.dontWant(peer, message.id());
        }
      }
    }
    send(message, receivers);
    outbox.add(new Effect.Deliver(message));
  }

  /** Those that get messages outside the mesh. */
  private void addAlways(String topic, Set<PeerState> receivers) {
    addSubscribed(topic, peers.flooding(), receivers);
    addSubscribed(topic, peers.direct(), receivers);
  }

  private static void addSubscribed(
      String topic, Collection<PeerState> from, Set<PeerState> receivers) {
    for (PeerState peer : from) {
      if (peer.topics.contains(topic)) {
        receivers.add(peer);
      }
    }
  }

  private void send(Message message, Collection<PeerState> receivers) {
    for (PeerState peer : receivers) {
      if (peer.wants(message.id())) {
        outbox.to(peer).messages.add(message);
      }
    }
  }

  // ---- time

  /** To be called every {@link GossipParameters.Timing#heartbeat()}. */
  List<Effect> onHeartbeat(long now) {
    long interval = parameters.scores().decayInterval().toNanos();
    // A machine that slept does not forgive all at once.
    if (now - decayedAt >= interval) {
      decayedAt = now;
      scores.onDecay(now);
    }
    meshes.onHeartbeat(now);
    gossip.onHeartbeat(now);
    seen.expire(now);
    return outbox.drain();
  }

  // ---- what is so

  /** A connected neighbour's score; 0 for others. */
  double score(PeerId peer) {
    return scores.score(peer);
  }

  /** Whether a neighbour gets whole messages of any topic. */
  boolean isLinked(PeerId id) {
    PeerState peer = peers.find(id);
    return peer != null
        && meshes.topics().stream().anyMatch(topic -> meshes.mesh(topic).contains(peer));
  }

  /** Who gets whole messages of a topic. */
  List<PeerId> mesh(String topic) {
    return meshes.mesh(topic).stream().map(peer -> peer.id).toList();
  }

  /** The neighbours that subscribed to a topic. */
  List<PeerId> subscribers(String topic) {
    return peers.all().stream()
        .filter(peer -> peer.topics.contains(topic))
        .map(peer -> peer.id)
        .toList();
  }

  /** Whether a mesh link would be against the rules; for simulations and tests. */
  boolean isSound() {
    for (String topic : meshes.topics()) {
      for (PeerState peer : meshes.mesh(topic)) {
        if (peers.find(peer.id) != peer || !peer.topics.contains(topic) || peer.direct) {
          return false;
        }
      }
    }
    return pendingCount <= VALIDATING_MAX && seen.size() <= SeenMessages.IDS_MAX;
  }
}
