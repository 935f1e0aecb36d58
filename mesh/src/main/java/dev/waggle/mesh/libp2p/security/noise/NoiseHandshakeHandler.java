package dev.waggle.mesh.libp2p.security.noise;

import dev.waggle.mesh.libp2p.security.SecureChannel.Secured;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a handshake on a channel, then puts the transport ciphers in its own place. */
final class NoiseHandshakeHandler extends ByteToMessageDecoder {
  private static final Logger log = LoggerFactory.getLogger(NoiseHandshakeHandler.class);
  private static final int LENGTH_BYTES = 2;

  private final NoiseHandshake handshake;
  private final boolean initiator;
  private final Executor executor;
  private final CompletableFuture<Secured> secured;
  private boolean working;

  NoiseHandshakeHandler(
      NoiseHandshake handshake,
      boolean initiator,
      Executor executor,
      CompletableFuture<Secured> secured) {
    this.handshake = handshake;
    this.initiator = initiator;
    this.executor = executor;
    this.secured = secured;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    if (initiator) {
      send(ctx, handshake.start());
    }
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (working || in.readableBytes() < LENGTH_BYTES) {
      return;
    }
    int length = in.getUnsignedShort(in.readerIndex());
    if (in.readableBytes() < LENGTH_BYTES + length) {
      return;
    }
    byte[] message = new byte[length];
    in.skipBytes(LENGTH_BYTES).readBytes(message);
    working = true;
    try {
      executor.execute(() -> work(ctx, message));
    } catch (RejectedExecutionException e) {
      fail(ctx, new IOException("too many handshakes at once"));
    }
  }

  /** On the executor: the curve operations. */
  private void work(ChannelHandlerContext ctx, byte[] message) {
    byte @Nullable [] answer = null;
    @Nullable IOException failure = null;
    try {
      answer = handshake.onMessage(message);
    } catch (IOException e) {
      failure = e;
    } catch (RuntimeException e) {
      // A bug, but this handshake's only.
      failure = new IOException("the handshake failed", e);
    }
    byte[] toSend = answer == null ? new byte[0] : answer;
    IOException toTell = failure;
    try {
      ctx.executor().execute(() -> onWorked(ctx, toSend, toTell));
    } catch (RejectedExecutionException e) {
      log.debug("the host was closed during a handshake");
    }
  }

  private void onWorked(ChannelHandlerContext ctx, byte[] answer, @Nullable IOException failure) {
    working = false;
    if (ctx.isRemoved()) {
      return;
    }
    if (failure != null) {
      fail(ctx, failure);
      return;
    }
    if (answer.length > 0) {
      send(ctx, answer);
    }
    var result = handshake.result();
    if (result.isEmpty()) {
      // What came while the executor was at it.
      decodeAgain(ctx);
      return;
    }
    String name = ctx.name();
    ctx.pipeline().addAfter(name, null, new NoiseDecoder(result.get().receiving()));
    ctx.pipeline().addAfter(name, null, new NoiseEncoder(result.get().sending()));
    secured.complete(new Secured(result.get().peer(), result.get().muxer()));
    ctx.pipeline().remove(this);
  }

  private void decodeAgain(ChannelHandlerContext ctx) {
    try {
      channelRead(ctx, Unpooled.EMPTY_BUFFER);
    } catch (Exception e) {
      fail(ctx, new IOException("the handshake failed", e));
    }
  }

  private void fail(ChannelHandlerContext ctx, IOException cause) {
    secured.completeExceptionally(cause);
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    secured.completeExceptionally(new ClosedChannelException());
    super.channelInactive(ctx);
  }

  private static void send(ChannelHandlerContext ctx, byte[] message) {
    ByteBuf frame = ctx.alloc().buffer(LENGTH_BYTES + message.length);
    frame.writeShort(message.length).writeBytes(message);
    ctx.writeAndFlush(frame, ctx.voidPromise());
  }
}
