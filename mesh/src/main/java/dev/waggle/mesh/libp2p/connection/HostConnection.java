package dev.waggle.mesh.libp2p.connection;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamHandler;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.muxer.MuxedConnection;
import dev.waggle.mesh.libp2p.muxer.MuxedStream;
import dev.waggle.mesh.libp2p.muxer.MuxedStreamEvents;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A connection of this host. Its mutable state lives on its event loop. */
final class HostConnection implements Connection {
  /** Finds who serves a protocol to a connection's peer. */
  interface Protocols {
    Optional<StreamHandler> find(Connection connection, String protocol);
  }

  private final Channel channel;
  private final PeerId remotePeer;
  private final Multiaddr remoteAddress;
  private final boolean initiator;
  private final Protocols protocols;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final Set<HostStream> negotiating = new LinkedHashSet<>();
  private boolean watching;
  private volatile @Nullable MuxedConnection muxed;

  HostConnection(
      Channel channel,
      PeerId remotePeer,
      Multiaddr remoteAddress,
      boolean initiator,
      Protocols protocols) {
    this.channel = channel;
    this.remotePeer = remotePeer;
    this.remoteAddress = remoteAddress;
    this.initiator = initiator;
    this.protocols = protocols;
    channel.closeFuture().addListener(done -> closed.complete(null));
  }

  void attach(MuxedConnection muxed) {
    this.muxed = muxed;
  }

  EventLoop loop() {
    return channel.eventLoop();
  }

  @Override
  public PeerId remotePeer() {
    return remotePeer;
  }

  @Override
  public Multiaddr remoteAddress() {
    return remoteAddress;
  }

  @Override
  public boolean initiator() {
    return initiator;
  }

  @Override
  public int streams() {
    MuxedConnection carrier = muxed;
    return carrier == null ? 0 : carrier.streams();
  }

  @Override
  public CompletableFuture<Stream> open(List<String> wanted, StreamReader reader) {
    return open(wanted, reader, false);
  }

  @Override
  public CompletableFuture<Stream> begin(String protocol, StreamReader reader) {
    return open(List.of(protocol), reader, true);
  }

  private CompletableFuture<Stream> open(
      List<String> wanted, StreamReader reader, boolean optimistic) {
    CompletableFuture<Stream> opened = new CompletableFuture<>();
    loop()
        .execute(
            () -> {
              try {
                MuxedConnection carrier = muxed;
                if (carrier == null) {
                  throw new IOException("the connection is not ready");
                }
                HostStream stream = HostStream.outbound(this, wanted, reader, opened);
                stream.attach(carrier.open(stream));
                if (optimistic) {
                  opened.complete(stream);
                }
              } catch (IOException e) {
                opened.completeExceptionally(e);
              }
            });
    return opened;
  }

  // ---- negotiations that are under way, the oldest first; on the event loop

  void negotiating(HostStream stream) {
    negotiating.add(stream);
    if (!watching) {
      watching = true;
      watch(HostStream.NEGOTIATION_MAX.toNanos());
    }
  }

  void negotiated(HostStream stream) {
    negotiating.remove(stream);
  }

  /** One timer for all of a connection's streams: nearly all agree at once. */
  private void watch(long nanos) {
    loop().schedule(this::endOverdue, nanos, TimeUnit.NANOSECONDS);
  }

  private void endOverdue() {
    long now = System.nanoTime();
    while (!negotiating.isEmpty()) {
      HostStream oldest = negotiating.iterator().next();
      long left = oldest.begin() + HostStream.NEGOTIATION_MAX.toNanos() - now;
      if (left > 0) {
        watch(left);
        return;
      }
      negotiating.remove(oldest);
      oldest.onOverdue();
    }
    watching = false;
  }

  MuxedStreamEvents onInbound(MuxedStream muxedStream) {
    HostStream stream = HostStream.inbound(this, protocol -> protocols.find(this, protocol));
    stream.attach(muxedStream);
    return stream;
  }

  @Override
  public void close() {
    loop()
        .execute(
            () -> {
              MuxedConnection carrier = muxed;
              if (carrier != null) {
                carrier.close();
              } else {
                channel.close();
              }
            });
  }

  boolean isClosed() {
    return closed.isDone();
  }

  @Override
  public CompletableFuture<Void> closed() {
    return closed.copy();
  }

  @Override
  public String toString() {
    return remotePeer.abbreviated() + "@" + remoteAddress;
  }
}
