package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.Chunk;
import java.util.concurrent.CompletableFuture;

/**
 * Hears how a task goes. Must not block.
 *
 * <p>Order: {@link #onStarted}, any number of {@link #onChunk}, then {@link #onDone}; or {@link
 * #onFailed} at any point instead. A worker that fails before its first chunk is replaced unseen,
 * so {@code onStarted} comes with the first chunk (or with the end of an empty answer).
 */
public interface TaskListener {
  /** The answer begins; this is who gives it. */
  void onStarted(Placement placement);

  /** A piece of the answer. The next one comes once the future completes. */
  CompletableFuture<Void> onChunk(Chunk chunk);

  /** The answer is complete and its receipt, signed by both sides, is on this node's disk. */
  void onDone(TaskSummary summary);

  /** The task failed for good. */
  void onFailed(TaskFailure failure);
}
