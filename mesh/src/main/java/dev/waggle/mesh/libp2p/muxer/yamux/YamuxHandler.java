package dev.waggle.mesh.libp2p.muxer.yamux;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.muxer.InboundStreams;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Brings frames between a channel and its {@link YamuxSession}. */
final class YamuxHandler extends ByteToMessageDecoder implements YamuxSession.Output {
  private final YamuxSession session;
  private @Nullable ChannelHandlerContext context;
  private boolean flushing;
  private int dataLeft;

  YamuxHandler(boolean initiator, InboundStreams inbound) {
    this.session = new YamuxSession(initiator, inbound, this, System::nanoTime);
  }

  YamuxSession session() {
    return session;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    session.ping();
    scheduleKeepAlive(ctx);
  }

  private void scheduleKeepAlive(ChannelHandlerContext ctx) {
    ctx.executor()
        .schedule(
            () -> {
              if (ctx.channel().isActive()) {
                session.onKeepAlive();
                scheduleKeepAlive(ctx);
              }
            },
            YamuxSession.KEEP_ALIVE.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
      throws MalformedFrameException {
    // Data goes on as it comes, so that a large frame is never gathered whole.
    if (dataLeft > 0) {
      int now = Math.min(dataLeft, in.readableBytes());
      dataLeft -= now;
      session.onData(in.readSlice(now), dataLeft == 0);
      return;
    }
    if (in.readableBytes() < Frame.HEADER_BYTES) {
      return;
    }
    Frame frame = Frame.read(in);
    session.onFrame(frame);
    if (frame.type() == Frame.Type.DATA) {
      dataLeft = frame.length();
      if (dataLeft == 0) {
        session.onData(in.readSlice(0), true);
      }
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) throws Exception {
    if (ctx.channel().isWritable()) {
      session.pump();
    }
    super.channelWritabilityChanged(ctx);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    session.onClosed();
    super.channelInactive(ctx);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
    if (cause.getCause() instanceof MalformedFrameException) {
      session.violate();
    }
    super.exceptionCaught(ctx, cause);
  }

  private ChannelHandlerContext context() {
    if (context == null) {
      throw new IllegalStateException("not in a pipeline yet");
    }
    return context;
  }

  @Override
  public void write(Frame header, @Nullable ByteBuf payload) {
    ChannelHandlerContext ctx = context();
    ByteBuf head = ctx.alloc().buffer(Frame.HEADER_BYTES);
    header.write(head);
    ctx.write(head, ctx.voidPromise());
    if (payload != null) {
      ctx.write(payload, ctx.voidPromise());
    }
    if (!flushing) {
      flushing = true;
      ctx.executor()
          .execute(
              () -> {
                flushing = false;
                ctx.flush();
              });
    }
  }

  @Override
  public boolean writable() {
    return context().channel().isWritable();
  }

  @Override
  public void close() {
    ChannelHandlerContext ctx = context();
    ctx.flush();
    ctx.close();
  }
}
