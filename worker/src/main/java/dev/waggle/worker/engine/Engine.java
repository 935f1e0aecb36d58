package dev.waggle.worker.engine;

import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.util.List;

/** What runs models on this machine. Thread-safe. */
public interface Engine extends AutoCloseable {
  /** Its name in adverts, for example {@code ollama}. */
  String name();

  /**
   * The models that it can run now. Blocks, for a bounded time.
   *
   * @throws EngineException if it does not answer, or may not be used
   */
  List<ModelOffer> models() throws EngineException;

  /** Prepares a chat; nothing happens before {@link Generation#run}. */
  Generation chat(TaskSpec.Chat chat);

  /** Frees what it holds: loaded models and child processes. */
  @Override
  void close();
}
