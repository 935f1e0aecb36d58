package dev.waggle.worker.engine;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.io.IOException;

/** One answer of a model in the making. */
public interface Generation {
  /** How it ended well, and what it took. */
  record End(Outcome.FinishReason reason, Usage usage) {}

  /** Takes the answer piece by piece. */
  @FunctionalInterface
  interface Output {
    /**
     * Takes a piece; blocks while the reader is slow.
     *
     * @throws IOException when nobody reads any more; the generation should end
     */
    void chunk(Chunk chunk) throws IOException, InterruptedException;
  }

  /**
   * Generates; blocks until the end. Called once.
   *
   * @throws EngineException if the engine fails, stalls, or cuts its answer short
   * @throws IOException what the output threw
   * @throws InterruptedException when interrupted or cancelled
   */
  End run(Output output) throws EngineException, IOException, InterruptedException;

  /** Makes the engine stop within a moment, before or during the run; from any thread. */
  void cancel();
}
