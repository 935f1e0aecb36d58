package dev.waggle.mesh.libp2p.muxer;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;

/** A stream of a {@link MuxedConnection}. Used on its event loop only. */
public interface MuxedStream {
  /** Sends bytes, which it takes over; completes when the peer's window has taken them. */
  CompletableFuture<Void> write(ByteBuf bytes);

  /** Nothing more will be written. */
  void closeWrite();

  /** Abandons both directions. */
  void reset();

  /** Whether arriving bytes are delivered; while not, the peer's window fills. */
  void reading(boolean on);
}
