package dev.waggle.mesh.swarm.exchange;

import java.util.concurrent.CompletableFuture;

/** Takes a running task's result to its requester. Thread-safe; calls keep their order. */
public interface ResultSink {
  /** Says at once that the task runs now, not only at the next beat. */
  void running();

  /**
   * Sends a chunk. The future completes when there is room for another one, so a worker that waits
   * for it is slowed to the reader's speed; it fails when nobody listens any more, which may be
   * known only at the chunk after.
   */
  CompletableFuture<Void> chunk(Chunk chunk);

  /** Sends the end. Exactly once, after the last chunk. */
  void finish(TaskResult result);
}
