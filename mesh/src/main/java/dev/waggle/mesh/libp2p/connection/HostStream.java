package dev.waggle.mesh.libp2p.connection;

import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.ProtocolRefusedException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamHandler;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.muxer.MuxedStream;
import dev.waggle.mesh.libp2p.muxer.MuxedStreamEvents;
import dev.waggle.mesh.libp2p.negotiation.Negotiation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A stream from its opening: first it negotiates its protocol, then it carries that protocol. */
final class HostStream implements Stream, MuxedStreamEvents {
  private static final Logger log = LoggerFactory.getLogger(HostStream.class);
  static final Duration NEGOTIATION_MAX = Duration.ofSeconds(10);

  private final HostConnection connection;
  private final Negotiation negotiation;
  private final List<String> wanted;
  private final Function<String, Optional<StreamHandler>> handlers;
  private final CompletableFuture<Stream> opened;
  private final long begin = System.nanoTime();
  private byte[] kept = {};
  private @Nullable MuxedStream muxed;
  private @Nullable StreamReader reader;
  private volatile String protocol = "";

  private HostStream(
      HostConnection connection,
      Negotiation negotiation,
      List<String> wanted,
      Function<String, Optional<StreamHandler>> handlers,
      @Nullable StreamReader reader,
      CompletableFuture<Stream> opened) {
    this.connection = connection;
    this.negotiation = negotiation;
    this.wanted = wanted;
    this.handlers = handlers;
    this.reader = reader;
    this.opened = opened;
  }

  static HostStream outbound(
      HostConnection connection,
      List<String> wanted,
      StreamReader reader,
      CompletableFuture<Stream> opened) {
    return new HostStream(
        connection,
        Negotiation.initiator(wanted),
        wanted,
        protocol -> Optional.empty(),
        reader,
        opened);
  }

  static HostStream inbound(
      HostConnection connection, Function<String, Optional<StreamHandler>> handlers) {
    return new HostStream(
        connection,
        Negotiation.responder(protocol -> handlers.apply(protocol).isPresent()),
        List.of(),
        handlers,
        null,
        new CompletableFuture<>());
  }

  void attach(MuxedStream stream) {
    muxed = stream;
    connection.negotiating(this);
    stream.write(Unpooled.wrappedBuffer(negotiation.opening()));
  }

  private MuxedStream muxed() {
    if (muxed == null) {
      throw new IllegalStateException("not attached yet");
    }
    return muxed;
  }

  // ---- from the muxer, on the event loop

  @Override
  public void onData(ByteBuf bytes) {
    ByteBuffer buffer = bytes.nioBuffer();
    if (protocol.isEmpty()) {
      buffer = withKept(buffer);
      negotiate(buffer);
      kept = new byte[protocol.isEmpty() ? buffer.remaining() : 0];
      buffer.get(kept);
    }
    if (!protocol.isEmpty() && reader != null && buffer.hasRemaining()) {
      reader.onData(this, buffer);
    }
  }

  /** A line of the negotiation may come in pieces; at most one is kept. */
  private ByteBuffer withKept(ByteBuffer buffer) {
    return kept.length == 0
        ? buffer
        : ByteBuffer.allocate(kept.length + buffer.remaining()).put(kept).put(buffer).flip();
  }

  private void negotiate(ByteBuffer buffer) {
    try {
      negotiation.onBytes(buffer);
    } catch (MalformedFrameException e) {
      log.debug("{}: {}", connection, e.getMessage());
      fail(e);
      return;
    }
    byte[] reply = negotiation.reply();
    if (reply.length > 0) {
      muxed().write(Unpooled.wrappedBuffer(reply));
    }
    if (negotiation.ended()) {
      connection.negotiated(this);
      Optional<String> agreed = negotiation.agreed();
      if (agreed.isEmpty()) {
        fail(new ProtocolRefusedException(wanted));
        return;
      }
      protocol = agreed.get();
      if (reader == null) {
        reader = handlers.apply(protocol).map(handler -> handler.onStream(this)).orElse(null);
      }
      opened.complete(this);
    }
  }

  @Override
  public void onEnd() {
    if (protocol.isEmpty()) {
      fail(new IOException("the peer ended the stream before a protocol was agreed"));
    } else if (reader != null) {
      reader.onEnd(this);
    }
  }

  @Override
  public void onReset() {
    connection.negotiated(this);
    boolean begun = !opened.completeExceptionally(new IOException("the peer reset the stream"));
    if (begun && reader != null) {
      reader.onReset(this);
    }
  }

  /** When it began: nanoseconds. */
  long begin() {
    return begin;
  }

  /** Negotiation takes too long. */
  void onOverdue() {
    if (protocol.isEmpty()) {
      fail(new IOException("no protocol was agreed within " + NEGOTIATION_MAX.toSeconds() + " s"));
    }
  }

  private void fail(IOException cause) {
    connection.negotiated(this);
    muxed().reset();
    boolean begun = !opened.completeExceptionally(cause);
    if (begun && reader != null) {
      reader.onReset(this); // Its user went ahead without waiting.
    }
  }

  // ---- from its user, on any thread

  @Override
  public Connection connection() {
    return connection;
  }

  @Override
  public String protocol() {
    return protocol.isEmpty() && !wanted.isEmpty() ? wanted.get(0) : protocol;
  }

  @Override
  public CompletableFuture<Void> write(ByteBuffer bytes) {
    ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
    if (connection.loop().inEventLoop()) {
      return muxed().write(buffer);
    }
    CompletableFuture<Void> written = new CompletableFuture<>();
    connection
        .loop()
        .execute(
            () -> {
              muxed()
                  .write(buffer)
                  .whenComplete(
                      (nothing, failure) -> {
                        if (failure == null) {
                          written.complete(null);
                        } else {
                          written.completeExceptionally(failure);
                        }
                      });
            });
    return written;
  }

  @Override
  public void closeWrite() {
    connection.loop().execute(() -> muxed().closeWrite());
  }

  @Override
  public void reset() {
    connection.loop().execute(() -> muxed().reset());
  }

  @Override
  public void reading(boolean on) {
    if (connection.loop().inEventLoop()) {
      muxed().reading(on);
    } else {
      connection.loop().execute(() -> muxed().reading(on));
    }
  }
}
