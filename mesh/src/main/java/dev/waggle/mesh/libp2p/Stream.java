package dev.waggle.mesh.libp2p;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * One bidirectional, ordered byte stream of a connection, after its protocol was agreed.
 *
 * <p>Methods may be called from any thread. What arrives goes to the stream's {@link StreamReader}
 * on the connection's event loop.
 */
public interface Stream {
  /** The connection it belongs to. */
  Connection connection();

  /** The protocol that was agreed. */
  String protocol();

  /**
   * Sends the bytes, in order of the calls.
   *
   * <p>The future completes when the bytes are within the peer's window and handed to the
   * connection, so a writer that waits for it never queues more than one message; it fails with an
   * {@link java.io.IOException} when the stream has ended. The buffer must not change until then.
   */
  CompletableFuture<Void> write(ByteBuffer bytes);

  /** Says that nothing more will be written; what was written is still delivered. Idempotent. */
  void closeWrite();

  /** Abandons both directions at once; the peer sees a reset. Idempotent. */
  void reset();

  /** Whether arriving bytes are delivered (true at first); while false the peer's window fills. */
  void reading(boolean on);
}
