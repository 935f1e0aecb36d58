package dev.waggle.mesh.libp2p.transport;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * Any reliable, ordered two-way stream of bytes that a connection can be made of: a relayed stream,
 * Bluetooth, a pipe. Methods may be called from any thread and must not block.
 */
public interface Link {
  /** Takes what arrives. Calls must not overlap. */
  interface Receiver {
    /** Bytes arrived; the buffer is the caller's again after the call. */
    void onBytes(ByteBuffer bytes);

    /** Nothing will arrive any more. */
    void onClosed();
  }

  /** Begins to deliver. Called once. */
  void start(Receiver receiver);

  /**
   * Sends bytes, after those of earlier calls. The future completes when more may be sent, and
   * fails with an {@link java.io.IOException} when the link has ended.
   */
  CompletableFuture<Void> send(ByteBuffer bytes);

  /** Whether to deliver what arrives (true at first); while false the far end should wait. */
  void reading(boolean on);

  /** Ends the link. Idempotent. */
  void close();
}
