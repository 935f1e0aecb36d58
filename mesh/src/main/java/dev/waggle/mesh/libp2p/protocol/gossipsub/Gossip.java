package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Shuffle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * Who has what: tells neighbours outside the mesh which messages there are, asks for those that
 * this node missed, and remembers promises that were not kept. Times are nanoseconds.
 */
final class Gossip {
  /** How many announcements of one neighbour are looked at in a heartbeat. */
  static final int IHAVES_MAX = 10;

  /** How many messages are asked of one neighbour in a heartbeat, and announced at a time. */
  static final int IDS_MAX = 5_000;

  /** How many messages that it does not want are noted of one neighbour in a heartbeat. */
  static final int IDONTWANTS_MAX = 1_000;

  /** For how many heartbeats they are noted. */
  static final int UNWANTED_HEARTBEATS = 3;

  /** How long a message that was asked for may take: nanoseconds. */
  static final long PROMISE = 3_000_000_000L;

  private final GossipParameters parameters;
  private final Peers peers;
  private final PeerScores scores;
  private final Meshes meshes;
  private final MessageCache cache;
  private final RandomGenerator random;
  private final Outbox outbox;
  private final Map<ByteString, Map<PeerId, Long>> promises = new LinkedHashMap<>();
  private long heartbeat;

  Gossip(
      GossipParameters parameters,
      Peers peers,
      PeerScores scores,
      Meshes meshes,
      MessageCache cache,
      RandomGenerator random,
      Outbox outbox) {
    this.parameters = parameters;
    this.peers = peers;
    this.scores = scores;
    this.meshes = meshes;
    this.cache = cache;
    this.random = random;
    this.outbox = outbox;
  }

  private boolean isBelieved(PeerState peer) {
    return scores.score(peer.id) >= parameters.scores().thresholds().gossip();
  }

  /**
   * A neighbour tells what it has.
   *
   * @param isKnown whether a message came already
   */
  void onIHave(PeerState peer, Rpc.IHave iHave, Predicate<ByteString> isKnown, long now) {
    if (!meshes.isJoined(iHave.topic())
        || !isBelieved(peer)
        || ++peer.iHavesTaken > IHAVES_MAX
        || peer.idsAsked >= IDS_MAX) {
      return;
    }
    List<ByteString> missing = new ArrayList<>();
    for (ByteString id : iHave.ids()) {
      if (!isKnown.test(id)) {
        missing.add(id);
      }
    }
    if (missing.isEmpty()) {
      return;
    }
    Shuffle.shuffle(missing, random);
    int asked = Math.min(missing.size(), IDS_MAX - peer.idsAsked);
    peer.idsAsked += asked;
    outbox.to(peer).iWants.addAll(missing.subList(0, asked));
    // One of them stands for all: a peer that announces what it lacks is soon found out.
    promises
        .computeIfAbsent(missing.get(0), id -> new HashMap<>(2))
        .putIfAbsent(peer.id, now + PROMISE);
  }

  /** A neighbour asks for messages that it was told of. */
  void onIWant(PeerState peer, List<ByteString> ids) {
    if (!isBelieved(peer)) {
      return;
    }
    for (ByteString id : ids) {
      peer.unwanted.remove(id); // It has changed its mind.
      cache.askedFor(id, peer.id).ifPresent(outbox.to(peer).messages::add);
    }
  }

  /** A neighbour has these messages and does not want them again. */
  void onIDontWant(PeerState peer, List<ByteString> ids) {
    List<ByteString> noted = new ArrayList<>();
    for (ByteString id : ids) {
      if (++peer.iDontWantsTaken > IDONTWANTS_MAX
          || peer.unwanted.size() >= PeerState.UNWANTED_MAX) {
        break;
      }
      peer.unwanted.put(id, heartbeat + UNWANTED_HEARTBEATS);
      noted.add(id);
    }
    if (!noted.isEmpty()) {
      outbox.add(new Effect.Withdraw(peer.id, noted));
    }
  }

  /** The message came, from whomever. */
  void onReceived(ByteString id) {
    if (!promises.isEmpty()) {
      promises.remove(id);
    }
  }

  void onHeartbeat(long now) {
    heartbeat++;
    peers.all().forEach(peer -> peer.onHeartbeat(heartbeat));
    for (Iterator<Map<PeerId, Long>> each = promises.values().iterator(); each.hasNext(); ) {
      Map<PeerId, Long> deadlines = each.next();
      deadlines
          .entrySet()
          .removeIf(
              promise -> {
                boolean broken = promise.getValue() - now < 0;
                if (broken) {
                  scores.onMisbehaviour(promise.getKey(), 1);
                }
                return broken;
              });
      if (deadlines.isEmpty()) {
        each.remove();
      }
    }
    meshes.gossiped().forEach(this::emit);
    cache.shift();
  }

  private void emit(String topic) {
    List<ByteString> ids = cache.gossip(topic);
    if (ids.isEmpty()) {
      return;
    }
    List<PeerState> outside =
        peers.shuffled(
            topic,
            random,
            peer -> !peer.direct && !meshes.isLinked(peer, topic) && isBelieved(peer));
    int share = (int) (parameters.gossipFactor() * outside.size());
    int count = Math.min(outside.size(), Math.max(parameters.degrees().lazy(), share));
    for (PeerState peer : outside.subList(0, count)) {
      List<ByteString> told = ids;
      if (ids.size() > IDS_MAX) {
        Shuffle.shuffle(ids, random);
        told = ids.subList(0, IDS_MAX);
      }
      outbox.to(peer).iHaves.add(new Rpc.IHave(topic, List.copyOf(told)));
    }
  }
}
