package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Progress;
import java.util.concurrent.CompletableFuture;

/**
 * Hears how a task goes. Must not block.
 *
 * <p>Order: {@link #onStarted}, any number of {@link #onChunk}, then {@link #onDone}; or {@link
 * #onFailed} at any point instead. A worker that fails before its first chunk is replaced unseen,
 * so {@code onStarted} comes with the first chunk (or with the end of an empty answer).
 */
public interface TaskListener {
  /**
   * A worker has the task, and this is what it does with it; before the answer begins, and perhaps
   * never. Another may answer in the end.
   */
  default void onProgress(Placement placement, Progress progress) {}

  /** The answer begins; this is who gives it. */
  void onStarted(Placement placement);

  /** A piece of the answer. The next one comes once the future completes. */
  CompletableFuture<Void> onChunk(Chunk chunk);

  /** The answer begins anew, and what came of it is void; only on terms that allow it. */
  default void onRestarted() {}

  /** The answer is complete and its receipt, signed by both sides, is on this node's disk. */
  void onDone(TaskSummary summary);

  /** The task failed for good. */
  void onFailed(TaskFailure failure);
}
