package dev.waggle.mesh.libp2p.muxer;

import io.netty.channel.ChannelPipeline;

/** A way to carry many streams on one channel. Thread-safe. */
public interface Muxer {
  /** Its name in negotiation. */
  String protocol();

  /** Adds its handlers to the end of the pipeline, on its event loop. */
  MuxedConnection install(ChannelPipeline pipeline, boolean initiator, InboundStreams inbound);
}
