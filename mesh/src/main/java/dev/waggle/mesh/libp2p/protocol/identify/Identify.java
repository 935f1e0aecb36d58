package dev.waggle.mesh.libp2p.protocol.identify;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.RisingSequence;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.record.PeerRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers who this host is, asks peers who they are, and tells them when it changes. */
public final class Identify {
  /** The protocol's name. */
  public static final String PROTOCOL = "/ipfs/id/1.0.0";

  /** The name of the protocol that tells of a change. */
  public static final String PUSH_PROTOCOL = "/ipfs/id/push/1.0.0";

  private static final Logger log = LoggerFactory.getLogger(Identify.class);
  private static final String PROTOCOL_VERSION = "ipfs/0.1.0";
  private static final int MESSAGE_BYTES_MAX = 64 << 10;
  private static final int PROTOCOLS_MAX = 256;
  private static final int TEXT_MAX = 256;
  private static final Duration ANSWER_MAX = Duration.ofSeconds(10);

  private final Libp2pHost host;
  private final Identity identity;
  private final String agent;
  private final Supplier<List<Multiaddr>> addresses;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();

  private final RisingSequence sequence = new RisingSequence();
  private List<Multiaddr> sealedAddresses = List.of();
  private byte[] sealed = new byte[0];

  /** Hears what peers say of themselves, unasked. Called on event loops; must not block. */
  @FunctionalInterface
  public interface Listener {
    /** A peer says what it is now. */
    void onPushed(Connection connection, PeerInfo info);
  }

  private Identify(
      Libp2pHost host, Identity identity, String agent, Supplier<List<Multiaddr>> addresses) {
    this.host = host;
    this.identity = identity;
    this.agent = agent;
    this.addresses = addresses;
  }

  /**
   * Makes the host tell who it is, with its addresses and protocols as they are at that moment, and
   * take what peers push.
   *
   * @param agent its software, as {@code name/version}
   * @param addresses where it can be reached, without a peer id
   */
  public static Identify serve(
      Libp2pHost host, Identity identity, String agent, Supplier<List<Multiaddr>> addresses) {
    Identify identify = new Identify(host, identity, agent, addresses);
    host.handle(
        PROTOCOL,
        stream -> {
          FramedReader.send(stream, identify.message(stream.connection()));
          stream.closeWrite();
          return new Silence();
        });
    host.handle(PUSH_PROTOCOL, stream -> identify.new Pushed(stream.connection()));
    return identify;
  }

  /** The same with the addresses that the host listens on. */
  public static Identify serve(Libp2pHost host, Identity identity, String agent) {
    return serve(host, identity, agent, host::listenAddresses);
  }

  /** Tells the listener what peers push from now on. */
  public void onPush(Listener listener) {
    listeners.add(listener);
  }

  /** Asks the peer. Fails with an {@link IOException} when no valid answer comes in ten seconds. */
  public static CompletableFuture<PeerInfo> ask(Connection connection) {
    Question question = new Question(connection.remotePeer());
    connection
        .open(List.of(PROTOCOL), question)
        .exceptionally(
            failure -> {
              question.info.completeExceptionally(failure);
              return null;
            });
    return question.info.orTimeout(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
  }

  /** Tells every connected peer what this host is now; those that do not care refuse. */
  public void push() {
    for (Connection connection : host.connections()) {
      connection
          .open(List.of(PUSH_PROTOCOL), new Silence())
          .whenComplete(
              (stream, failure) -> {
                if (failure != null) {
                  log.debug("no push to {}: {}", connection, failure.getMessage());
                } else {
                  FramedReader.send(stream, message(connection));
                  stream.closeWrite();
                }
              });
    }
  }

  /** This host's addresses with its signature; a new one only when they have changed. */
  public synchronized byte[] signedRecord() {
    List<Multiaddr> current = addresses.get().stream().limit(PeerRecord.ADDRESSES_MAX).toList();
    if (sealed.length == 0 || !current.equals(sealedAddresses)) {
      sealed =
          new PeerRecord(identity.peerId(), sequence.next(Instant.now()), current).seal(identity);
      sealedAddresses = current;
    }
    return sealed.clone();
  }

  private dev.waggle.mesh.libp2p.pb.Identify message(Connection connection) {
    var message =
        dev.waggle.mesh.libp2p.pb.Identify.newBuilder()
            .setPublicKey(ByteString.copyFrom(host.peerId().publicKeyProtobuf()))
            .setProtocolVersion(PROTOCOL_VERSION)
            .setAgentVersion(agent)
            .setObservedAddr(ByteString.copyFrom(connection.remoteAddress().bytes()))
            .setSignedPeerRecord(ByteString.copyFrom(signedRecord()))
            .addAllProtocols(host.protocols());
    addresses.get().stream()
        .limit(PeerRecord.ADDRESSES_MAX)
        .forEach(address -> message.addListenAddrs(ByteString.copyFrom(address.bytes())));
    return message.build();
  }

  /** Reads what a peer says of itself; a record that is another's or does not verify is refused. */
  static PeerInfo parse(PeerId peer, byte[] bytes) throws MalformedFrameException {
    try {
      var message = dev.waggle.mesh.libp2p.pb.Identify.parseFrom(bytes);
      List<Multiaddr> listening = new ArrayList<>();
      for (ByteString each : message.getListenAddrsList()) {
        // One of a kind this library does not know is left out, not held against the peer.
        if (listening.size() < PeerRecord.ADDRESSES_MAX) {
          Multiaddr.read(each.toByteArray()).ifPresent(listening::add);
        }
      }
      Optional<byte[]> sealed = Optional.empty();
      if (message.hasSignedPeerRecord() && !message.getSignedPeerRecord().isEmpty()) {
        byte[] record = message.getSignedPeerRecord().toByteArray();
        PeerRecord opened = PeerRecord.open(record);
        if (!opened.peer().equals(peer)) {
          throw new MalformedFrameException("a peer shows the record of another one");
        }
        listening = opened.addresses();
        sealed = Optional.of(record);
      }
      String software = message.getAgentVersion();
      return new PeerInfo(
          software.substring(0, Math.min(TEXT_MAX, software.length())),
          message.getProtocolsList().stream().limit(PROTOCOLS_MAX).toList(),
          listening,
          Multiaddr.read(message.getObservedAddr().toByteArray()),
          sealed);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("an identify message cannot be read");
    }
  }

  private static final class Silence implements StreamReader {
    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      stream.reset();
    }

    @Override
    public void onEnd(Stream stream) {
      // As it should.
    }

    @Override
    public void onReset(Stream stream) {
      // Nothing is kept for it.
    }
  }

  private static final class Question extends FramedReader {
    final CompletableFuture<PeerInfo> info = new CompletableFuture<>();
    private final PeerId peer;

    Question(PeerId peer) {
      super(MESSAGE_BYTES_MAX);
      this.peer = peer;
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      info.complete(parse(peer, frame));
      stream.closeWrite();
    }

    @Override
    protected void onGone(IOException cause) {
      info.completeExceptionally(
          new IOException("the peer did not say who it is: " + cause.getMessage(), cause));
    }
  }

  private final class Pushed extends FramedReader {
    private final Connection connection;

    Pushed(Connection connection) {
      super(MESSAGE_BYTES_MAX);
      this.connection = connection;
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      PeerInfo info = parse(connection.remotePeer(), frame);
      listeners.forEach(listener -> listener.onPushed(connection, info));
    }

    @Override
    protected void onGone(IOException cause) {
      // It has said what it had to say.
    }
  }
}
