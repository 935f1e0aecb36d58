package dev.waggle.mesh.swarm.blob;

import java.io.IOException;
import java.time.Duration;

/** Blocks on their way from a source, in their order. For one thread. */
public interface Blocks extends AutoCloseable {
  /**
   * Waits for the next one, whole but not verified.
   *
   * @param patience how long nothing at all may come
   * @throws BlobRefusedException if the source does not give it
   * @throws IOException if it broke off, sends what is no block, or nothing came for too long
   */
  byte[] next(Duration patience) throws IOException, InterruptedException;

  /** Abandons what has not come. Idempotent; may be called by any thread. */
  @Override
  void close();
}
