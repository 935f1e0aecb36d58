package dev.waggle.mesh.fuzz;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;

/** Gives bytes to a Netty handler. */
public final class EmbeddedFeed {
  private EmbeddedFeed() {}

  /** Feeds the channel, then ends it; a refusal by name is how hostile bytes should end. */
  public static void feed(EmbeddedChannel channel, byte[] input) {
    try {
      channel.writeInbound(Unpooled.copiedBuffer(input));
      channel.runPendingTasks();
    } catch (DecoderException e) {
      requireRefusal(e);
    }
    try {
      channel.finishAndReleaseAll();
    } catch (DecoderException e) {
      requireRefusal(e); // What was left over is decoded at the end.
    }
  }

  private static void requireRefusal(DecoderException e) {
    if (!(e.getCause() instanceof MalformedFrameException)) {
      throw e;
    }
  }
}
