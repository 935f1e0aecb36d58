package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.simulation.Links;
import dev.waggle.mesh.simulation.Simulation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Thousands of gossip routers and the links between them. One topic. */
final class GossipWorld {
  static final String TOPIC = "world";
  static final Duration VALIDATION = Duration.ofMillis(1);
  private static final ByteString FORGED = ByteString.copyFromUtf8("forged");

  /** What a node is like. */
  enum Nature {
    HONEST,
    /** Takes its place in meshes and passes nothing on. */
    SILENT,
    /** Announces messages that do not exist and asks for the same ones again and again. */
    GOSSIP_SPAMMER,
    /** Passes on messages that their author did not sign. */
    FORGER,
    /** Grafts and prunes all the time. */
    GRAFTER
  }

  final Simulation simulation;
  final Links links;
  final List<Node> nodes = new ArrayList<>();
  final Map<ByteString, Published> published = new HashMap<>();
  private final Map<PeerId, Node> byId = new HashMap<>();
  private final GossipParameters parameters;
  private final int size;
  private long sequence;
  private long bytes;
  private long payloads;
  private long deliveries;

  /** A message on its way through the world. */
  record Published(Message message, long at, BitSet receivers, List<Long> delays) {}

  GossipWorld(
      long seed, int size, GossipParameters parameters, Duration min, Duration max, double loss) {
    this.simulation = new Simulation(seed);
    this.links = new Links(simulation.newRandom(), size, min, max, loss);
    this.parameters = parameters;
    this.size = size;
  }

  /** One node. */
  final class Node {
    final int index;
    final PeerId id;
    final Nature nature;
    final Set<Node> neighbours = new LinkedHashSet<>();
    GossipRouter router;
    boolean alive = true;

    Node(int index, Nature nature) {
      this.index = index;
      this.nature = nature;
      byte[] key = ByteBuffer.allocate(PeerId.PUBLIC_KEY_BYTES).putInt(index).array();
      this.id = PeerId.ofPublicKey(key);
      this.router = router();
    }

    private GossipRouter router() {
      return new GossipRouter(
          id,
          parameters,
          Set.of(),
          peer -> ByteString.EMPTY,
          simulation.newRandom(),
          simulation.now());
    }

    boolean honest() {
      return nature == Nature.HONEST;
    }

    void connect(Node other) {
      if (other != this && alive && other.alive && neighbours.add(other)) {
        other.neighbours.add(this);
        perform(this, router.onPeer(other.id, PeerState.Kind.MESH_DONT_WANT, true, "a" + index));
        perform(other, other.router.onPeer(id, PeerState.Kind.MESH_DONT_WANT, false, "a" + index));
      }
    }

    void disconnect(Node other) {
      if (neighbours.remove(other)) {
        perform(this, router.onPeerGone(other.id, simulation.now()));
        other.neighbours.remove(this);
        perform(other, other.router.onPeerGone(id, simulation.now()));
      }
    }

    /** It is switched off; its neighbours' connections end. */
    void die() {
      alive = false;
      List.copyOf(neighbours).forEach(this::disconnect);
    }

    /** It is back, and has forgotten everything. */
    void revive(int dials) {
      alive = true;
      router = router();
      perform(this, router.join(TOPIC, simulation.now()));
      dial(this, dials);
    }

    Published publish(int dataBytes) {
      Published fresh = announce(message(id, ByteString.copyFrom(new byte[dataBytes])));
      fresh.receivers.set(index);
      perform(this, router.publish(fresh.message, simulation.now()));
      return fresh;
    }
  }

  Node add(Nature nature) {
    Node node = new Node(nodes.size(), nature);
    nodes.add(node);
    byId.put(node.id, node);
    perform(node, node.router.join(TOPIC, simulation.now()));
    simulation.every(
        parameters.timing().heartbeat(),
        () -> {
          if (node.alive) {
            perform(node, node.router.onHeartbeat(simulation.now()));
            misbehave(node);
          }
        });
    return node;
  }

  /** Fills the world: so many nodes, of which a part is hostile, each dialling some others. */
  GossipWorld populate(double hostile, int dials) {
    Nature[] bad = {Nature.SILENT, Nature.GOSSIP_SPAMMER, Nature.FORGER, Nature.GRAFTER};
    for (int i = 0; i < size; i++) {
      boolean isBad = simulation.random().nextDouble() < hostile;
      add(isBad ? bad[simulation.random().nextInt(bad.length)] : Nature.HONEST);
    }
    nodes.forEach(node -> dial(node, dials));
    return this;
  }

  private void dial(Node node, int dials) {
    for (int i = 0; i < dials; i++) {
      Node other = nodes.get(simulation.random().nextInt(nodes.size()));
      if (links.connected(node.index, other.index)) {
        node.connect(other);
      }
    }
  }

  private Published announce(Message message) {
    Published fresh = new Published(message, simulation.now(), new BitSet(size), new ArrayList<>());
    published.put(message.id(), fresh);
    return fresh;
  }

  private Message message(PeerId from, ByteString data) {
    ByteString author = ByteString.copyFrom(from.multihash());
    ByteString id =
        author.concat(
            ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(sequence++).array()));
    return new Message(id, author, TOPIC, data, id.concat(data));
  }

  // ---- what routers want

  private void perform(Node node, List<Effect> effects) {
    if (!node.router.isSound()) {
      throw new AssertionError("node " + node.index + " is unsound at " + simulation.now());
    }
    for (Effect effect : effects) {
      if (effect instanceof Effect.Send send) {
        transmit(node, Objects.requireNonNull(byId.get(send.to())), send.rpc());
      } else if (effect instanceof Effect.Validate validate) {
        Judgement judgement =
            validate.message().data().startsWith(FORGED) ? Judgement.FORGED : Judgement.ACCEPTED;
        GossipRouter router = node.router;
        simulation.after(
            VALIDATION,
            () -> {
              if (node.router == router && node.alive) {
                perform(node, router.onJudged(validate.message(), judgement, simulation.now()));
              }
            });
      } else if (effect instanceof Effect.Deliver deliver) {
        delivered(node, deliver.message());
      }
    }
  }

  private void delivered(Node node, Message message) {
    Published known = Objects.requireNonNull(published.get(message.id()));
    if (known.receivers.get(node.index)) {
      throw new AssertionError("node " + node.index + " got a message twice");
    }
    known.receivers.set(node.index);
    simulation.note(node.index);
    if (node.honest()) {
      deliveries++;
      known.delays.add(simulation.now() - known.at);
    }
  }

  private void transmit(Node from, Node to, Rpc rpc) {
    if (from.nature == Nature.SILENT) {
      rpc.messages.clear();
      rpc.iHaves.clear();
    }
    if (rpc.isEmpty()) {
      return;
    }
    if (from.honest()) {
      bytes += RpcCodec.bytes(rpc);
    }
    if (!links.arrives(from.index, to.index)) {
      return;
    }
    GossipRouter receiver = to.router;
    simulation.after(
        links.latency(from.index, to.index),
        () -> {
          if (to.alive && to.router == receiver && to.neighbours.contains(from)) {
            if (to.honest()) {
              payloads += rpc.messages.size();
            }
            perform(to, receiver.onRpc(from.id, rpc, simulation.now()));
          }
        });
  }

  // ---- what hostile nodes do beside it

  private void misbehave(Node node) {
    for (Node to : node.neighbours) {
      Rpc rpc = new Rpc();
      switch (node.nature) {
        case GOSSIP_SPAMMER -> {
          List<ByteString> bogus = new ArrayList<>();
          for (int i = 0; i < 100; i++) {
            bogus.add(message(node.id, ByteString.EMPTY).id());
          }
          for (int i = 0; i < 20; i++) {
            rpc.iHaves.add(new Rpc.IHave(TOPIC, bogus));
          }
        }
        case FORGER -> rpc.messages.add(message(anyHonest().id, FORGED));
        case GRAFTER -> {
          for (int i = 0; i < 5; i++) {
            rpc.grafts.add(TOPIC);
          }
          rpc.prunes.add(new Rpc.Prune(TOPIC, List.of(), 3_600));
        }
        default -> {
          // Nothing that one could see.
        }
      }
      transmit(node, to, rpc);
    }
  }

  // ---- what came of it

  /** Starts to count anew. */
  void reset() {
    bytes = 0;
    payloads = 0;
    deliveries = 0;
    published.clear();
  }

  long honest() {
    return nodes.stream().filter(node -> node.alive && node.honest()).count();
  }

  Node anyHonest() {
    while (true) {
      Node node = nodes.get(simulation.random().nextInt(nodes.size()));
      if (node.alive && node.honest()) {
        return node;
      }
    }
  }

  /** The times from publishing to each honest node that got it, ascending, in nanoseconds. */
  long[] delays() {
    return published.values().stream()
        .flatMap(each -> each.delays.stream())
        .mapToLong(Long::longValue)
        .sorted()
        .toArray();
  }

  /** Deliveries that did not happen. */
  long missing() {
    return published.size() * (honest() - 1) - deliveries;
  }

  /** How often a message came again to a node that had it. */
  double duplicatesPerDelivery() {
    return deliveries == 0 ? 0 : (double) (payloads - deliveries) / deliveries;
  }

  /** What honest nodes sent, in bytes. */
  long bytesSent() {
    return bytes;
  }
}
