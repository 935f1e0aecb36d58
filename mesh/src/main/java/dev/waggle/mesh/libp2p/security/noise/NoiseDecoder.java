package dev.waggle.mesh.libp2p.security.noise;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import javax.crypto.AEADBadTagException;

/** Opens transport messages: two bytes of length, then ciphertext and tag. */
final class NoiseDecoder extends ByteToMessageDecoder {
  private final CipherState cipher;

  NoiseDecoder(CipherState cipher) {
    this.cipher = cipher;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
    if (in.readableBytes() < 2) {
      return;
    }
    int length = in.getUnsignedShort(in.readerIndex());
    if (in.readableBytes() < 2 + length) {
      return;
    }
    byte[] ciphertext = new byte[length];
    in.skipBytes(2).readBytes(ciphertext);
    try {
      byte[] plaintext = cipher.decrypt(new byte[0], ciphertext);
      if (plaintext.length > 0) {
        out.add(Unpooled.wrappedBuffer(plaintext));
      }
    } catch (AEADBadTagException e) {
      throw new MalformedFrameException("a transport message does not decrypt");
    }
  }
}
