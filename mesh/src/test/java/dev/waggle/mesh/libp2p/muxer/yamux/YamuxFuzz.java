package dev.waggle.mesh.libp2p.muxer.yamux;

import dev.waggle.mesh.fuzz.EmbeddedFeed;
import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.muxer.MuxedStreamEvents;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.HexFormat;
import java.util.List;

/** Frames to a session that opens a stream of its own and takes those of the peer. */
public final class YamuxFuzz implements FuzzTarget {
  @Override
  public void run(byte[] input) throws Exception {
    YamuxHandler handler = new YamuxHandler(true, stream -> new Silent());
    EmbeddedChannel channel = new EmbeddedChannel(handler);
    handler.session().open(new Silent()).write(Unpooled.copiedBuffer(new byte[10]));
    EmbeddedFeed.feed(channel, input);
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        // The peer opens stream 2 and sends three bytes, then ends it.
        HexFormat.of().parseHex("000000010000000200000003616263" + "000100040000000200000000"),
        // It acknowledges stream 1 with a window, answers a ping, says good-bye.
        HexFormat.of()
            .parseHex(
                "000100020000000100010000"
                    + "000200010000000000000007"
                    + "000300000000000000000000"),
        // A reset of stream 1 with data after it.
        HexFormat.of().parseHex("000100080000000100000000" + "00000000000000010000000161"));
  }

  private static final class Silent implements MuxedStreamEvents {
    @Override
    public void onData(ByteBuf bytes) {
      // Read.
    }

    @Override
    public void onEnd() {
      // Fine.
    }

    @Override
    public void onReset() {
      // Fine.
    }
  }
}
