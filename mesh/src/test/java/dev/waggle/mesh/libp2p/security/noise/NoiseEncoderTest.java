package dev.waggle.mesh.libp2p.security.noise;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.Test;

class NoiseEncoderTest {
  private static final byte[] KEY = new byte[32];

  /** Everything that was sealed, opened again. */
  private static byte[] opened(EmbeddedChannel sender) {
    EmbeddedChannel receiver = new EmbeddedChannel(new NoiseDecoder(new CipherState(KEY)));
    ByteBuf sealed;
    while ((sealed = sender.readOutbound()) != null) {
      receiver.writeInbound(sealed);
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuf plain;
    while ((plain = receiver.readInbound()) != null) {
      byte[] bytes = new byte[plain.readableBytes()];
      plain.readBytes(bytes);
      all.writeBytes(bytes);
      plain.release();
    }
    receiver.finishAndReleaseAll();
    return all.toByteArray();
  }

  @Test
  void smallAndLarge_comeOutInOrder() {
    EmbeddedChannel channel = new EmbeddedChannel(new NoiseEncoder(new CipherState(KEY)));
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    for (int length : new int[] {1, 100, 70_000, 0, 300, 200_000, 5}) {
      byte[] bytes = new byte[length];
      java.util.Arrays.fill(bytes, (byte) length);
      channel.writeOutbound(Unpooled.copiedBuffer(bytes));
      expected.writeBytes(bytes);
    }
    assertThat(opened(channel)).isEqualTo(expected.toByteArray());
    channel.finishAndReleaseAll();
  }

  /** Sealing can make the channel writable, and then more is written before the seal returns. */
  @Test
  void writesDuringASeal_areNotLost() {
    NoiseEncoder encoder = new NoiseEncoder(new CipherState(KEY));
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new ChannelOutboundHandlerAdapter() {
              private boolean written;

              @Override
              public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                ctx.write(message, promise);
                if (!written) {
                  written = true;
                  ctx.channel().pipeline().write(Unpooled.copiedBuffer(new byte[] {2, 2}));
                }
              }
            },
            encoder);
    channel.writeOutbound(Unpooled.copiedBuffer(new byte[] {1}));
    channel.writeOutbound(Unpooled.copiedBuffer(new byte[] {3}));
    assertThat(opened(channel)).containsExactly(1, 2, 2, 3);
    channel.finishAndReleaseAll();
  }
}
