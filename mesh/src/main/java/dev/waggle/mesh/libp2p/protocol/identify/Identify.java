package dev.waggle.mesh.libp2p.protocol.identify;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Answers who this host is and asks peers who they are. Thread-safe. */
public final class Identify {
  /** The protocol's name. */
  public static final String PROTOCOL = "/ipfs/id/1.0.0";

  private static final String PROTOCOL_VERSION = "ipfs/0.1.0";
  private static final int MESSAGE_BYTES_MAX = 64 << 10;
  private static final int ADDRESSES_MAX = 64;
  private static final int PROTOCOLS_MAX = 256;
  private static final Duration ANSWER_MAX = Duration.ofSeconds(10);

  private Identify() {}

  /**
   * Makes the host tell who it is, with its addresses and protocols as they are at that moment.
   *
   * @param agent its software, as {@code name/version}
   */
  public static void serve(Libp2pHost host, String agent) {
    host.handle(
        PROTOCOL,
        stream -> {
          stream.write(FrameAssembler.frame(message(host, agent, stream.connection())));
          stream.closeWrite();
          return new Silence();
        });
  }

  /** Asks the peer. Fails with an {@link IOException} when no valid answer comes in ten seconds. */
  public static CompletableFuture<PeerInfo> ask(Connection connection) {
    Question question = new Question();
    connection
        .open(List.of(PROTOCOL), question)
        .exceptionally(
            failure -> {
              question.info.completeExceptionally(failure);
              return null;
            });
    return question.info.orTimeout(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
  }

  private static byte[] message(Libp2pHost host, String agent, Connection connection) {
    var message =
        dev.waggle.mesh.libp2p.pb.Identify.newBuilder()
            .setPublicKey(ByteString.copyFrom(host.peerId().publicKeyProtobuf()))
            .setProtocolVersion(PROTOCOL_VERSION)
            .setAgentVersion(agent)
            .setObservedAddr(ByteString.copyFrom(connection.remoteAddress().bytes()))
            .addAllProtocols(host.protocols());
    host.listenAddresses().stream()
        .limit(ADDRESSES_MAX)
        .forEach(address -> message.addListenAddrs(ByteString.copyFrom(address.bytes())));
    return message.build().toByteArray();
  }

  private static PeerInfo parse(byte[] bytes) throws MalformedFrameException {
    try {
      var message = dev.waggle.mesh.libp2p.pb.Identify.parseFrom(bytes);
      List<Multiaddr> addresses = new ArrayList<>();
      for (ByteString each : message.getListenAddrsList()) {
        if (addresses.size() < ADDRESSES_MAX) {
          address(each).ifPresent(addresses::add);
        }
      }
      return new PeerInfo(
          message.getAgentVersion(),
          message.getProtocolsList().stream().limit(PROTOCOLS_MAX).toList(),
          addresses,
          address(message.getObservedAddr()));
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("an identify message cannot be read");
    }
  }

  /** An address of a kind this library does not know is left out, not held against the peer. */
  private static Optional<Multiaddr> address(ByteString bytes) {
    try {
      return Optional.of(Multiaddr.ofBytes(bytes.toByteArray()));
    } catch (MalformedFrameException e) {
      return Optional.empty();
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

  private static final class Question implements StreamReader {
    final CompletableFuture<PeerInfo> info = new CompletableFuture<>();
    private final FrameAssembler frames = new FrameAssembler(MESSAGE_BYTES_MAX);

    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      try {
        frames.onBytes(bytes, frame -> info.complete(parse(frame)));
        if (info.isDone()) {
          stream.closeWrite();
        }
      } catch (MalformedFrameException e) {
        stream.reset();
        info.completeExceptionally(e);
      }
    }

    @Override
    public void onEnd(Stream stream) {
      info.completeExceptionally(new IOException("the peer did not say who it is"));
    }

    @Override
    public void onReset(Stream stream) {
      info.completeExceptionally(new IOException("the peer did not say who it is"));
    }
  }
}
