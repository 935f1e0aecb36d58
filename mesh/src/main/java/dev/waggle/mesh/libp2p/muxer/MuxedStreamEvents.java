package dev.waggle.mesh.libp2p.muxer;

import io.netty.buffer.ByteBuf;

/** Hears of one muxed stream, on its event loop. */
public interface MuxedStreamEvents {
  /** Bytes arrived; they are the callee's during the call only and count as consumed after it. */
  void onData(ByteBuf bytes);

  /** The peer will write nothing more. */
  void onEnd();

  /** The stream is gone; nothing follows. */
  void onReset();
}
