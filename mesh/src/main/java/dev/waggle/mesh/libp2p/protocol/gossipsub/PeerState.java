package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What the router knows of a connected neighbour. */
final class PeerState {
  /** The most topics of one neighbour; more are not noted. */
  static final int TOPICS_MAX = 128;

  /** The most ids that are kept back from one neighbour. */
  static final int UNWANTED_MAX = 4_096;

  /** What its protocol can do. */
  enum Kind {
    /** Takes messages, and knows no control. */
    FLOODSUB,
    /** Meshes and gossip: 1.0 and 1.1. */
    MESH,
    /** Also says what it does not want: 1.2. */
    MESH_DONT_WANT
  }

  final PeerId id;
  final ByteString idBytes;
  final Kind kind;
  final boolean outbound;

  /** Whether both sides agreed to pass on everything, outside the mesh. */
  final boolean direct;

  final Set<String> topics = new HashSet<>(4);

  /** Messages that it does not want, and the heartbeat until which that is kept. */
  final Map<ByteString, Long> unwanted = new HashMap<>(4);

  /** Since the last heartbeat. */
  int iHavesTaken;

  int idsAsked;
  int iDontWantsTaken;
  int exchangesTaken;

  PeerState(PeerId id, Kind kind, boolean outbound, boolean direct) {
    this.id = id;
    this.idBytes = ByteString.copyFrom(id.multihash());
    this.kind = kind;
    this.outbound = outbound;
    this.direct = direct;
  }

  boolean speaksControl() {
    return kind != Kind.FLOODSUB;
  }

  boolean wants(ByteString message) {
    return unwanted.isEmpty() || !unwanted.containsKey(message);
  }

  void onHeartbeat(long heartbeat) {
    iHavesTaken = 0;
    idsAsked = 0;
    iDontWantsTaken = 0;
    exchangesTaken = 0;
    if (!unwanted.isEmpty()) {
      unwanted.values().removeIf(until -> until < heartbeat);
    }
  }

  @Override
  public String toString() {
    return id.abbreviated();
  }
}
