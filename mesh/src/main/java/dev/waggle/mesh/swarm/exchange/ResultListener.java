package dev.waggle.mesh.swarm.exchange;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * Hears the result of one claim. Called on an event loop, in order; must not block. After {@link
 * #onResult} or {@link #onLost} nothing follows.
 */
public interface ResultListener {
  /** The worker is alive and at work; comes at least every {@link #BEAT_INTERVAL}. */
  void onBeat(Progress progress);

  /** A chunk, opened and checked. The next is read once the future completes. */
  CompletableFuture<Void> onChunk(Chunk chunk);

  /** The end, opened and checked. The receipt in it is still unverified. */
  void onResult(TaskResult result);

  /** The worker is gone, silent for too long, or sent what does not verify. */
  void onLost(IOException cause);

  /** How often a worker shows that it lives, through loading and prefill too. */
  java.time.Duration BEAT_INTERVAL = java.time.Duration.ofSeconds(2);
}
