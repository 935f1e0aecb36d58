package dev.waggle.mesh.libp2p.muxer.yamux;

import dev.waggle.mesh.libp2p.muxer.InboundStreams;
import dev.waggle.mesh.libp2p.muxer.MuxedConnection;
import dev.waggle.mesh.libp2p.muxer.Muxer;
import io.netty.channel.ChannelPipeline;

/** The Yamux muxer. */
public final class Yamux implements Muxer {
  /** Its name in negotiation. */
  public static final String PROTOCOL = "/yamux/1.0.0";

  @Override
  public String protocol() {
    return PROTOCOL;
  }

  @Override
  public MuxedConnection install(
      ChannelPipeline pipeline, boolean initiator, InboundStreams inbound) {
    YamuxHandler handler = new YamuxHandler(initiator, inbound);
    pipeline.addLast(handler);
    return handler.session();
  }
}
