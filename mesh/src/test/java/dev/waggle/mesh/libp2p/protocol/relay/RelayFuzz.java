package dev.waggle.mesh.libp2p.protocol.relay;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.pb.HopMessage;
import dev.waggle.mesh.libp2p.pb.RelayPeer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The beginning of a relay's stream, and vouchers. */
public final class RelayFuzz implements FuzzTarget {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[32]);

  @Override
  public void run(byte[] input) {
    try {
      Voucher.open(input);
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
    Nowhere stream = new Nowhere();
    Conversation conversation =
        new Conversation() {
          @Override
          void onMessage(Stream from, byte[] message) {
            become(from, stream);
          }

          @Override
          void onBroken(IOException cause) {
            stream.broken = true;
          }
        };
    for (int at = 0; at < input.length && !stream.broken; at += 5) {
      conversation.onData(stream, ByteBuffer.wrap(input, at, Math.min(5, input.length - at)));
    }
    conversation.onEnd(stream);
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        new Voucher(IDENTITY.peerId(), IDENTITY.peerId(), Instant.ofEpochSecond(1)).seal(IDENTITY),
        FrameAssembler.frame(
                HopMessage.newBuilder()
                    .setType(RelayService.CONNECT)
                    .setPeer(
                        RelayPeer.newBuilder()
                            .setId(ByteString.copyFrom(IDENTITY.peerId().multihash())))
                    .build()
                    .toByteArray())
            .array());
  }

  /** A stream that leads nowhere, and the reader at its end. */
  private static final class Nowhere implements Stream, StreamReader, Connection {
    boolean broken;

    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      bytes.position(bytes.limit());
    }

    @Override
    public void onEnd(Stream stream) {
      // The end.
    }

    @Override
    public void onReset(Stream stream) {
      // The end.
    }

    @Override
    public Connection connection() {
      return this;
    }

    @Override
    public String protocol() {
      return RelayService.HOP_PROTOCOL;
    }

    @Override
    public CompletableFuture<Void> write(ByteBuffer bytes) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void closeWrite() {
      // Nothing was written.
    }

    @Override
    public void reset() {
      broken = true;
    }

    @Override
    public void reading(boolean on) {
      // Bytes come anyway.
    }

    @Override
    public dev.waggle.crypto.PeerId remotePeer() {
      return IDENTITY.peerId();
    }

    @Override
    public Multiaddr remoteAddress() {
      return Multiaddr.parse("/memory/1");
    }

    @Override
    public int streams() {
      return 1;
    }

    @Override
    public boolean initiator() {
      return false;
    }

    @Override
    public CompletableFuture<Stream> open(List<String> protocols, StreamReader reader) {
      return CompletableFuture.failedFuture(new IOException("nowhere"));
    }

    @Override
    public CompletableFuture<Stream> begin(String protocol, StreamReader reader) {
      return CompletableFuture.failedFuture(new IOException("nowhere"));
    }

    @Override
    public void close() {
      broken = true;
    }

    @Override
    public CompletableFuture<Void> closed() {
      return new CompletableFuture<>();
    }
  }
}
