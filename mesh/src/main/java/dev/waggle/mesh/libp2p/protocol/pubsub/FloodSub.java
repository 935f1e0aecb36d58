package dev.waggle.mesh.libp2p.protocol.pubsub;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.pb.PubsubMessage;
import dev.waggle.mesh.libp2p.pb.PubsubRpc;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Floodsub: every message goes once to every subscribed neighbour. Messages are signed and verified
 * (the StrictSign policy). Right for a few dozen nodes.
 */
public final class FloodSub implements PubSub {
  /** The protocol's name. */
  public static final String PROTOCOL = "/floodsub/1.0.0";

  static final int RPC_BYTES_MAX = 1 << 20;
  static final int SEEN_MAX = 16_384;

  private static final Logger log = LoggerFactory.getLogger(FloodSub.class);

  private final Identity identity;
  private final Map<String, Subscription> subscriptions = new ConcurrentHashMap<>();
  private final Map<Connection, Neighbour> neighbours = new ConcurrentHashMap<>();
  private final AtomicLong sequence = new AtomicLong(System.currentTimeMillis() << 20);

  /** The newest message ids; the oldest makes room. */
  private final Map<ByteString, Boolean> seen =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteString, Boolean> eldest) {
          return size() > SEEN_MAX;
        }
      };

  private record Subscription(Validator validator, Listener listener) {}

  /** Serves the protocol on the host. */
  public FloodSub(Host host, Identity identity) {
    this.identity = identity;
    host.handle(PROTOCOL, Inbound::new);
  }

  @Override
  public void subscribe(String topic, Validator validator, Listener listener) {
    subscriptions.put(topic, new Subscription(validator, listener));
    announce(topic, true);
  }

  @Override
  public void unsubscribe(String topic) {
    if (subscriptions.remove(topic) != null) {
      announce(topic, false);
    }
  }

  @Override
  public int subscribers(String topic) {
    return (int) neighbours.values().stream().filter(each -> each.wants(topic)).count();
  }

  private void announce(String topic, boolean subscribe) {
    PubsubRpc rpc = PubsubRpc.newBuilder().addSubscriptions(option(topic, subscribe)).build();
    neighbours.values().forEach(neighbour -> neighbour.send(rpc));
  }

  private static PubsubRpc.SubOpts option(String topic, boolean subscribe) {
    return PubsubRpc.SubOpts.newBuilder().setTopicId(topic).setSubscribe(subscribe).build();
  }

  @Override
  public void publish(String topic, byte[] data) {
    if (data.length > MESSAGE_BYTES_MAX) {
      throw new IllegalArgumentException("a message has at most " + MESSAGE_BYTES_MAX + " bytes");
    }
    PubsubMessage message =
        MessageSignature.sign(
            identity,
            PubsubMessage.newBuilder()
                .setFrom(ByteString.copyFrom(identity.peerId().multihash()))
                .setSeqno(
                    ByteString.copyFrom(
                        ByteBuffer.allocate(Long.BYTES)
                            .putLong(sequence.incrementAndGet())
                            .array()))
                .setTopic(topic)
                .setData(ByteString.copyFrom(data))
                .build());
    firstSeen(message);
    forward(message, null);
  }

  @Override
  public void admit(Connection connection) {
    Neighbour neighbour = new Neighbour(connection);
    if (neighbours.putIfAbsent(connection, neighbour) != null) {
      return;
    }
    connection.closed().thenRun(() -> neighbours.remove(connection));
    PubsubRpc.Builder hello = PubsubRpc.newBuilder();
    subscriptions.keySet().forEach(topic -> hello.addSubscriptions(option(topic, true)));
    neighbour.open(hello.build());
  }

  private void forward(PubsubMessage message, @Nullable Connection source) {
    PubsubRpc rpc = PubsubRpc.newBuilder().addPublish(message).build();
    for (Neighbour neighbour : neighbours.values()) {
      if (neighbour.connection() != source && neighbour.wants(message.getTopic())) {
        neighbour.send(rpc);
      }
    }
  }

  private boolean firstSeen(PubsubMessage message) {
    ByteString id = message.getFrom().concat(message.getSeqno());
    synchronized (seen) {
      return seen.putIfAbsent(id, Boolean.TRUE) == null;
    }
  }

  private boolean isSeen(PubsubMessage message) {
    synchronized (seen) {
      return seen.containsKey(message.getFrom().concat(message.getSeqno()));
    }
  }

  private void onMessage(Connection source, PubsubMessage message) throws MalformedFrameException {
    Subscription subscription = subscriptions.get(message.getTopic());
    if (subscription == null || isSeen(message)) {
      return;
    }
    Optional<PeerId> from = MessageSignature.verify(message);
    if (from.isEmpty()) {
      throw new MalformedFrameException("a published message's signature does not verify");
    }
    // Only now: a forged message must not take the place of the true one.
    if (!firstSeen(message) || from.get().equals(identity.peerId())) {
      return;
    }
    byte[] data = message.getData().toByteArray();
    switch (subscription.validator.validate(from.get(), data)) {
      case ACCEPT -> {
        forward(message, source);
        subscription.listener.onMessage(from.get(), data);
      }
      case IGNORE -> log.debug("a message from {} was ignored", from.get());
      case REJECT -> log.debug("a message from {} through {} was rejected", from.get(), source);
    }
  }

  /** What a neighbour sends. */
  private final class Inbound implements StreamReader {
    private final FrameAssembler frames = new FrameAssembler(RPC_BYTES_MAX);

    Inbound(Stream unused) {}

    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      try {
        frames.onBytes(bytes, frame -> onRpc(stream.connection(), frame));
      } catch (MalformedFrameException e) {
        log.debug("pubsub from {}: {}", stream.connection(), e.getMessage());
        stream.reset();
      }
    }

    private void onRpc(Connection connection, byte[] frame) throws MalformedFrameException {
      Neighbour neighbour = neighbours.get(connection);
      if (neighbour == null) {
        // It was admitted there before it was here; it will hear of our topics in a moment.
        admit(connection);
        neighbour = neighbours.get(connection);
      }
      try {
        PubsubRpc rpc = PubsubRpc.parseFrom(frame);
        for (PubsubRpc.SubOpts option : rpc.getSubscriptionsList()) {
          if (neighbour != null) {
            neighbour.onSubscription(option.getTopicId(), option.getSubscribe());
          }
          Subscription own = subscriptions.get(option.getTopicId());
          if (own != null && option.getSubscribe()) {
            own.listener.onSubscriber();
          }
        }
        for (PubsubMessage message : rpc.getPublishList()) {
          onMessage(connection, message);
        }
      } catch (InvalidProtocolBufferException e) {
        throw new MalformedFrameException("a pubsub message cannot be read");
      }
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
