package dev.waggle.worker.engine;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What runs models, or code, on this machine. Thread-safe. */
public interface Engine extends AutoCloseable {
  /** Its name in adverts, for example {@code ollama}. */
  String name();

  /** Does what takes long before it can offer anything. Blocks, for a bounded time; called once. */
  default void prepare() {}

  /**
   * The models that it can run now. Blocks, for a bounded time.
   *
   * @throws EngineException if it does not answer, or may not be used
   */
  List<ModelOffer> models() throws EngineException;

  /**
   * Prepares a task; nothing happens before {@link Generation#run}, which also refuses what the
   * engine cannot do.
   */
  Generation start(TaskSpec task);

  /** The same for a task of which a part is still at its requester. */
  default Generation start(TaskSpec task, PeerId requester) {
    return start(task);
  }

  /** Which parts of it cannot be used, by their names, and why. */
  default Map<String, String> troubles() {
    return Map.of();
  }

  /** How it gets models; empty when its user brings them. */
  default Optional<ModelLibrary> library() {
    return Optional.empty();
  }

  /**
   * Has a model in memory, and keeps it there for some minutes from now, in a way that never makes
   * that shorter than its user has it. Blocks while it is loaded. Does nothing where the engine
   * cannot be told.
   *
   * @throws EngineException if the engine does not answer, or has no such model
   * @throws InterruptedException when this thread was interrupted
   */
  default void warm(String model) throws EngineException, InterruptedException {}

  /** Frees what it holds: loaded models and child processes. */
  @Override
  void close();
}
