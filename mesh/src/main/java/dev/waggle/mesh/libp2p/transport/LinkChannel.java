package dev.waggle.mesh.libp2p.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A channel over a {@link Link}. One write is under way at a time, so that the link's speed is the
 * channel's.
 */
public final class LinkChannel extends AbstractChannel {
  /** How much may wait here in either direction before the other side is made to wait. */
  static final int WAITING_BYTES_MAX = 256 << 10;

  private static final ChannelMetadata METADATA = new ChannelMetadata(false);

  private final Link link;
  private final ChannelConfig config;
  private final Queue<ByteBuf> arrived = new ArrayDeque<>();
  private int arrivedBytes;
  private boolean started;
  private boolean readWanted;
  private boolean paused;
  private boolean sending;
  private volatile boolean open = true;

  public LinkChannel(Link link) {
    super(null);
    this.link = link;
    this.config = new DefaultChannelConfig(this);
    config.setWriteBufferWaterMark(
        new WriteBufferWaterMark(WAITING_BYTES_MAX / 2, WAITING_BYTES_MAX));
    // The upgrade begins after the registration, and nothing may be read before.
    config.setAutoRead(false);
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new AbstractUnsafe() {
      @Override
      public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
        promise.setFailure(new UnsupportedOperationException("a link is connected already"));
      }
    };
  }

  @Override
  protected boolean isCompatible(EventLoop loop) {
    return true;
  }

  @Override
  protected @Nullable SocketAddress localAddress0() {
    return null;
  }

  @Override
  protected @Nullable SocketAddress remoteAddress0() {
    return null;
  }

  @Override
  protected void doBind(SocketAddress localAddress) {
    throw new UnsupportedOperationException("a link is connected already");
  }

  @Override
  protected void doDisconnect() {
    doClose();
  }

  @Override
  protected void doClose() {
    open = false;
    link.close();
    arrived.forEach(ByteBuf::release);
    arrived.clear();
  }

  @Override
  protected void doBeginRead() {
    readWanted = true;
    if (!started) {
      started = true;
      link.start(new Arrivals());
    }
    deliver();
  }

  private void deliver() {
    if (!readWanted || arrived.isEmpty()) {
      return;
    }
    readWanted = false;
    ByteBuf next;
    while ((next = arrived.poll()) != null) {
      arrivedBytes -= next.readableBytes();
      pipeline().fireChannelRead(next);
    }
    if (paused) {
      paused = false;
      link.reading(true);
    }
    pipeline().fireChannelReadComplete();
  }

  private void onArrived(ByteBuf bytes) {
    if (!open) {
      bytes.release();
      return;
    }
    arrived.add(bytes);
    arrivedBytes += bytes.readableBytes();
    if (arrivedBytes > WAITING_BYTES_MAX && !paused) {
      paused = true;
      link.reading(false);
    }
    deliver();
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer in) {
    while (!sending && in.current() instanceof ByteBuf bytes) {
      CompletableFuture<Void> sent = link.send(bytes.nioBuffer());
      if (sent.isDone() && !sent.isCompletedExceptionally()) {
        in.remove();
        continue;
      }
      sending = true;
      sent.whenComplete((nothing, failure) -> eventLoop().execute(() -> onSent(failure)));
    }
  }

  private void onSent(@Nullable Throwable failure) {
    sending = false;
    if (!open) {
      return;
    }
    if (failure != null) {
      close();
      return;
    }
    ChannelOutboundBuffer buffer = unsafe().outboundBuffer();
    if (buffer != null && buffer.remove()) {
      unsafe().flush();
    }
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean isActive() {
    return open;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  private final class Arrivals implements Link.Receiver {
    @Override
    public void onBytes(ByteBuffer bytes) {
      ByteBuf copy = Unpooled.copiedBuffer(bytes);
      eventLoop().execute(() -> onArrived(copy));
    }

    @Override
    public void onClosed() {
      eventLoop().execute(() -> close());
    }
  }
}
