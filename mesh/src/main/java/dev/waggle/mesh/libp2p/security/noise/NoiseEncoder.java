package dev.waggle.mesh.libp2p.security.noise;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/**
 * Seals what is written until a flush into as few transport messages as fit, so that many small
 * frames cost one tag and one write.
 */
final class NoiseEncoder extends ChannelOutboundHandlerAdapter {
  private static final int PLAINTEXT_BYTES_MAX = 65_535 - CipherState.TAG_BYTES;
  private static final int FIRST_BYTES = 512;
  private static final byte[] NOTHING = {};

  private final CipherState cipher;
  private byte[] pending = NOTHING;
  private int length;

  NoiseEncoder(CipherState cipher) {
    this.cipher = cipher;
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    ByteBuf bytes = (ByteBuf) message;
    try {
      while (bytes.isReadable()) {
        int fits = Math.min(bytes.readableBytes(), PLAINTEXT_BYTES_MAX - length);
        if (fits == 0) {
          seal(ctx);
          continue;
        }
        reserve(length + fits);
        bytes.readBytes(pending, length, fits);
        length += fits;
      }
      // Whoever needs to know when bytes are out watches the channel's writability instead.
      promise.trySuccess();
    } finally {
      bytes.release();
    }
  }

  @Override
  public void flush(ChannelHandlerContext ctx) {
    int last = length;
    if (length > 0) {
      seal(ctx);
    }
    // A connection that has little to say keeps little. Sealing may have made room for more, which
    // is in the buffer by now and must stay there.
    if (length == 0 && (last <= FIRST_BYTES || last < pending.length / 4)) {
      pending = NOTHING;
    }
    ctx.flush();
  }

  private void seal(ChannelHandlerContext ctx) {
    byte[] frame = new byte[2 + length + CipherState.TAG_BYTES];
    int sealed = cipher.encrypt(new byte[0], pending, 0, length, frame, 2);
    frame[0] = (byte) (sealed >> 8);
    frame[1] = (byte) sealed;
    length = 0;
    ByteBufAllocator allocator = ctx.alloc();
    ctx.write(allocator.buffer(frame.length).writeBytes(frame), ctx.voidPromise());
  }

  private void reserve(int needed) {
    if (needed > pending.length) {
      pending =
          java.util.Arrays.copyOf(
              pending,
              Math.min(
                  PLAINTEXT_BYTES_MAX,
                  Math.max(Math.max(needed, FIRST_BYTES), 2 * pending.length)));
    }
  }
}
