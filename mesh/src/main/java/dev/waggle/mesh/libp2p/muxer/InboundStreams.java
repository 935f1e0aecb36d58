package dev.waggle.mesh.libp2p.muxer;

/** Takes the streams that a peer opens. */
@FunctionalInterface
public interface InboundStreams {
  /** A stream was opened; the answer hears of it. */
  MuxedStreamEvents onStream(MuxedStream stream);
}
