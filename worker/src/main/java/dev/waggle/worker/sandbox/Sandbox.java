package dev.waggle.worker.sandbox;

import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Generation;
import java.util.Map;
import java.util.Set;

/**
 * What runs code that nobody trusts, so that it reaches nothing but its own directory: no file of
 * the host, no network, no other process, and no more of the machine than its limits. Thread-safe.
 */
public interface Sandbox extends AutoCloseable {
  /**
   * Its kind in adverts and in {@code doctor}: {@code docker}, {@code process}, {@code quickjs}.
   */
  String name();

  /**
   * Proves itself: attacks itself from within, in each language that this machine has, and keeps
   * the languages in which every attack failed. Blocks, for a bounded time.
   *
   * @return for each language what runs it: {@code sha256:} and 64 hex digits, the same on machines
   *     where the same programs run it
   * @throws SandboxException if nothing can be run safely here; the message names the cause and
   *     what to do
   */
  Map<Language, String> prove() throws SandboxException;

  /** Whether it may run a language that is not among those, so that proving it is worth while. */
  default boolean adds(Set<Language> languages) {
    return true;
  }

  /**
   * Prepares a run within the task's limits; nothing happens before {@link Generation#run}. The run
   * sends {@code Output} as it comes, then an {@code Artifact} for each file asked for that is
   * there, then one {@code Exit}. Code that fails is a run that went well; an {@code
   * EngineException} says that the sandbox failed, and {@code BAD_REQUEST} that no sandbox could do
   * it.
   */
  Generation start(TaskSpec.Code task);

  /** Ends what runs, and removes everything that it left on the machine. */
  @Override
  void close();
}
