package dev.waggle.mesh.libp2p.security.noise;

import dev.waggle.mesh.fuzz.EmbeddedFeed;
import dev.waggle.mesh.fuzz.FuzzTarget;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.util.List;

/** Transport messages under a fixed key. */
public final class NoiseDecoderFuzz implements FuzzTarget {
  @Override
  public void run(byte[] input) {
    EmbeddedFeed.feed(new EmbeddedChannel(new NoiseDecoder(new CipherState(new byte[32]))), input);
  }

  @Override
  public List<byte[]> seeds() {
    CipherState cipher = new CipherState(new byte[32]);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int length : new int[] {0, 1, 100}) {
      byte[] sealed = cipher.encrypt(new byte[0], new byte[length]);
      bytes.write(0);
      bytes.write(sealed.length);
      bytes.writeBytes(sealed);
    }
    return List.of(bytes.toByteArray());
  }
}
