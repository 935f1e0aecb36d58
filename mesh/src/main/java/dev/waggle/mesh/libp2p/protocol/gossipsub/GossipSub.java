package dev.waggle.mesh.libp2p.protocol.gossipsub;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Recurring;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gossipsub on a host: 1.0, 1.1 and 1.2, and floodsub for peers that know nothing else. Every
 * message is signed and verified (the StrictSign policy). Thread-safe; nothing blocks.
 *
 * <p>Signatures and validators run on the host's computing threads; when those cannot keep up,
 * messages are dropped and nobody is blamed. Listeners are called there, too.
 */
public final class GossipSub implements PubSub {
  /** The protocol's names, the best first. */
  public static final List<String> PROTOCOLS =
      List.of("/meshsub/1.2.0", "/meshsub/1.1.0", "/meshsub/1.0.0", "/floodsub/1.0.0");

  /** After how long a neighbour that ended its stream is met anew. */
  static final Duration MEET_AGAIN = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(GossipSub.class);

  private final Host host;
  private final Identity identity;
  private final PeerExchange exchange;
  private final GossipRouter router;
  private final Map<String, Subscription> subscriptions = new ConcurrentHashMap<>();
  private final Map<PeerId, Neighbour> neighbours = new ConcurrentHashMap<>();
  private final AtomicLong sequence = new AtomicLong(System.currentTimeMillis() << 20);
  private final Authors authors = new Authors();
  private final ScheduledFuture<?> heartbeats;

  private record Subscription(Validator validator, Listener listener) {}

  private GossipSub(
      Host host,
      Identity identity,
      GossipParameters parameters,
      Set<PeerId> direct,
      PeerExchange exchange) {
    this.host = host;
    this.identity = identity;
    this.exchange = exchange;
    this.router =
        new GossipRouter(
            identity.peerId(),
            parameters,
            direct,
            peer -> ByteString.copyFrom(exchange.record(peer)),
            new SplittableRandom(new SecureRandom().nextLong()),
            System.nanoTime());
    Duration interval = parameters.timing().heartbeat();
    // Hosts that were started together must not all beat at the same moment.
    long first = new SplittableRandom(identity.peerId().hashCode()).nextLong(interval.toNanos());
    this.heartbeats =
        Recurring.schedule(
            host.scheduler(),
            Duration.ofNanos(first),
            interval,
            () -> step(() -> router.onHeartbeat(System.nanoTime())));
  }

  /**
   * Serves gossipsub on the host. A neighbour takes part once it is admitted.
   *
   * @param direct peers with which there is an agreement to pass on everything, whatever their
   *     score; the agreement must be mutual, and connecting with them is the caller's
   * @param exchange what is known of peers' addresses, for neighbours that have to go
   */
  public static GossipSub serve(
      Host host,
      Identity identity,
      GossipParameters parameters,
      Set<PeerId> direct,
      PeerExchange exchange) {
    GossipSub gossip = new GossipSub(host, identity, parameters, direct, exchange);
    PROTOCOLS.forEach(protocol -> host.handle(protocol, stream -> gossip.new Inbound()));
    return gossip;
  }

  /** The same with {@link GossipParameters#DEFAULT} and neither agreements nor exchange. */
  public static GossipSub serve(Host host, Identity identity) {
    return serve(host, identity, GossipParameters.DEFAULT, Set.of(), PeerExchange.NONE);
  }

  @Override
  public void subscribe(String topic, Validator validator, Listener listener) {
    subscriptions.put(topic, new Subscription(validator, listener));
    step(() -> router.join(topic, System.nanoTime()));
  }

  @Override
  public void unsubscribe(String topic) {
    if (subscriptions.remove(topic) != null) {
      step(() -> router.leave(topic, System.nanoTime()));
    }
  }

  @Override
  public synchronized int subscribers(String topic) {
    return router.subscribers(topic).size();
  }

  /** The neighbours that get whole messages of a topic: its mesh. */
  public synchronized Set<PeerId> mesh(String topic) {
    return Set.copyOf(router.mesh(topic));
  }

  /** Whether a neighbour is in the mesh of any topic. */
  public synchronized boolean isLinked(PeerId peer) {
    return router.isLinked(peer);
  }

  /** What a connected neighbour has earned; 0 for others. */
  public synchronized double score(PeerId peer) {
    return router.score(peer);
  }

  @Override
  public void publish(String topic, byte[] data) {
    if (data.length > MESSAGE_BYTES_MAX) {
      throw new IllegalArgumentException("a message has at most " + MESSAGE_BYTES_MAX + " bytes");
    }
    Message message = MessageSignature.sign(identity, topic, sequence.incrementAndGet(), data);
    step(() -> router.publish(message, System.nanoTime()));
  }

  @Override
  public void admit(Connection connection) {
    Neighbour neighbour;
    synchronized (this) {
      Neighbour old = neighbours.get(connection.remotePeer());
      if (old != null && old.connection() == connection) {
        return;
      }
      neighbour = new Neighbour(connection, this::onLost);
      neighbours.put(neighbour.id(), neighbour);
    }
    connection.closed().thenRun(() -> onGone(neighbour));
    connection
        .open(PROTOCOLS, neighbour)
        .whenComplete(
            (stream, failure) -> {
              if (failure != null) {
                log.debug("no pubsub with {}: {}", connection, failure.getMessage());
              } else {
                step(() -> onProtocol(neighbour, stream.protocol()));
                neighbour.onOpened(stream);
              }
            });
  }

  /** What a neighbour speaks is known by its stream or by this node's, whichever comes first. */
  private List<Effect> onProtocol(Neighbour neighbour, String protocol) {
    Connection connection = neighbour.connection();
    if (neighbours.get(neighbour.id()) != neighbour
        || connection.closed().isDone()
        || !neighbour.begin()) {
      return List.of();
    }
    // An earlier connection with it may not have ended yet here.
    List<Effect> effects = new ArrayList<>(router.onPeerGone(neighbour.id(), System.nanoTime()));
    effects.addAll(
        router.onPeer(
            neighbour.id(),
            kind(protocol),
            connection.initiator(),
            sharedAddress(connection.remoteAddress())));
    return effects;
  }

  /** A neighbour ended its stream but is still there: it is met anew, after a while. */
  private void onLost(Neighbour neighbour) {
    onGone(neighbour);
    Connection connection = neighbour.connection();
    if (!connection.closed().isDone()) {
      host.scheduler()
          .schedule(
              () -> {
                if (!connection.closed().isDone()) {
                  admit(connection);
                }
              },
              MEET_AGAIN.toMillis(),
              TimeUnit.MILLISECONDS);
    }
  }

  private void onGone(Neighbour neighbour) {
    step(
        () ->
            neighbours.remove(neighbour.id(), neighbour)
                ? router.onPeerGone(neighbour.id(), System.nanoTime())
                : List.of());
  }

  private static PeerState.Kind kind(String protocol) {
    return switch (protocol) {
      case "/meshsub/1.2.0" -> PeerState.Kind.MESH_DONT_WANT;
      case "/floodsub/1.0.0" -> PeerState.Kind.FLOODSUB;
      default -> PeerState.Kind.MESH;
    };
  }

  /** Many nodes of one machine are no attack; many behind one foreign address may be. */
  private static String sharedAddress(Multiaddr address) {
    return address.isLoopback()
        ? ""
        : address.tcp().map(InetSocketAddress::getHostString).orElse("");
  }

  // ---- the router and what it wants

  private void step(Supplier<List<Effect>> event) {
    List<Effect> effects;
    synchronized (this) {
      effects = event.get();
      // Inside, so that a neighbour hears things in the order in which they were decided.
      for (Effect effect : effects) {
        if (effect instanceof Effect.Send send) {
          Neighbour neighbour = neighbours.get(send.to());
          if (neighbour != null) {
            neighbour.send(send.rpc());
          }
        } else if (effect instanceof Effect.Withdraw withdraw) {
          Neighbour neighbour = neighbours.get(withdraw.to());
          if (neighbour != null) {
            neighbour.withdraw(withdraw.ids());
          }
        }
      }
    }
    effects.forEach(this::perform);
  }

  private void perform(Effect effect) {
    if (effect instanceof Effect.Validate validate) {
      validate(validate.message());
    } else if (effect instanceof Effect.Deliver deliver) {
      deliver(deliver.message());
    } else if (effect instanceof Effect.Subscribed subscribed) {
      Subscription subscription = subscriptions.get(subscribed.topic());
      if (subscription != null) {
        subscription.listener.onSubscriber();
      }
    } else if (effect instanceof Effect.Meet meet) {
      meet(meet);
    }
  }

  private void meet(Effect.Meet meet) {
    try {
      exchange.meet(PeerId.ofMultihash(meet.peer().toByteArray()), meet.record().toByteArray());
    } catch (IllegalArgumentException e) {
      log.debug("a neighbour recommends something that is no peer");
    }
  }

  private void validate(Message message) {
    try {
      host.computing().execute(() -> judged(message, judge(message)));
    } catch (RejectedExecutionException e) {
      judged(message, Judgement.UNJUDGED);
    }
  }

  private void judged(Message message, Judgement judgement) {
    step(() -> router.onJudged(message, judgement, System.nanoTime()));
  }

  private Judgement judge(Message message) {
    Optional<PeerId> from = MessageSignature.verify(message, authors);
    Subscription subscription = subscriptions.get(message.topic());
    if (from.isEmpty()) {
      return Judgement.FORGED;
    }
    if (subscription == null) {
      return Judgement.UNJUDGED;
    }
    return switch (subscription.validator.validate(from.get(), message.data().toByteArray())) {
      case ACCEPT -> Judgement.ACCEPTED;
      case IGNORE -> Judgement.IGNORED;
      case REJECT -> Judgement.REJECTED;
    };
  }

  private void deliver(Message message) {
    Subscription subscription = subscriptions.get(message.topic());
    if (subscription != null) {
      subscription.listener.onMessage(authors.of(message.from()), message.data().toByteArray());
    }
  }

  /** Ends the heartbeats; the host's connections are the caller's. */
  @Override
  public void close() {
    heartbeats.cancel(false);
  }

  /** What a neighbour sends. */
  private final class Inbound implements StreamReader {
    private final FrameAssembler frames = new FrameAssembler(RpcCodec.BYTES_MAX);

    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      try {
        frames.onBytes(bytes, frame -> onRpc(stream, frame));
      } catch (MalformedFrameException e) {
        log.debug("pubsub from {}: {}", stream.connection(), e.getMessage());
        stream.reset();
      }
    }

    private void onRpc(Stream stream, byte[] frame) throws MalformedFrameException {
      Connection connection = stream.connection();
      PeerId from = connection.remotePeer();
      synchronized (GossipSub.this) {
        if (router.isGraylisted(from)) {
          return; // Not even read.
        }
      }
      Rpc rpc = RpcCodec.decode(frame);
      if (host.connection(from).filter(connection::equals).isPresent()) {
        // It may have been admitted there before it was here.
        admit(connection);
      }
      step(
          () -> {
            Neighbour neighbour = neighbours.get(from);
            if (neighbour == null || neighbour.connection() != connection) {
              return List.of();
            }
            List<Effect> effects = new ArrayList<>(onProtocol(neighbour, stream.protocol()));
            effects.addAll(router.onRpc(from, rpc, System.nanoTime()));
            return effects;
          });
    }

    @Override
    public void onEnd(Stream stream) {
      stream.closeWrite();
    }

    @Override
    public void onReset(Stream stream) {
      // The next connection begins anew.
    }
  }
}
