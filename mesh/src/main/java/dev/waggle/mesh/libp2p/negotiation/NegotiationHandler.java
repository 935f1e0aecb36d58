package dev.waggle.mesh.libp2p.negotiation;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Negotiates on a whole channel, then steps aside; bytes that follow go to whatever handler the
 * future's dependents added by then.
 */
public final class NegotiationHandler extends ByteToMessageDecoder {
  private final Negotiation negotiation;
  private final CompletableFuture<String> agreed;

  /**
   * Prepares it.
   *
   * @param agreed completed with the protocol, or with why there is none
   */
  public NegotiationHandler(Negotiation negotiation, CompletableFuture<String> agreed) {
    this.negotiation = negotiation;
    this.agreed = agreed;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    ctx.writeAndFlush(Unpooled.wrappedBuffer(negotiation.opening()), ctx.voidPromise());
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    ByteBuffer bytes = in.nioBuffer();
    try {
      negotiation.onBytes(bytes);
    } catch (MalformedFrameException e) {
      in.skipBytes(in.readableBytes());
      agreed.completeExceptionally(e);
      return;
    }
    in.skipBytes(in.readableBytes() - bytes.remaining());
    byte[] reply = negotiation.reply();
    if (reply.length > 0) {
      ctx.writeAndFlush(Unpooled.wrappedBuffer(reply), ctx.voidPromise());
    }
    if (negotiation.ended()) {
      negotiation
          .agreed()
          .ifPresentOrElse(
              agreed::complete,
              () ->
                  agreed.completeExceptionally(
                      new IOException("the peer serves none of the protocols that this needs")));
      ctx.pipeline().remove(this);
    }
  }
}
