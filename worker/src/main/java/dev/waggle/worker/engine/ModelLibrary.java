package dev.waggle.worker.engine;

/** Gets models for an engine from its own registry, and throws them away. Thread-safe. */
public interface ModelLibrary {
  /**
   * How far a pull is.
   *
   * @param status what the engine does, in its words
   * @param digest of the part that comes; empty between parts
   * @param completed of that part, in bytes
   * @param total of that part, in bytes; 0 when unknown
   */
  record Step(String status, String digest, long completed, long total) {}

  /** Hears of the steps. */
  @FunctionalInterface
  interface Steps {
    /**
     * Takes one.
     *
     * @throws InterruptedException when nobody wants the model any more; the pull ends
     */
    void at(Step step) throws InterruptedException;
  }

  /**
   * Gets a model; blocks until it is there. What an ended pull left is used by the next.
   *
   * @throws EngineException if the engine does not get it, with its cause
   * @throws InterruptedException what the steps threw
   */
  void pull(String model, Steps steps) throws EngineException, InterruptedException;

  /**
   * Whether a model that is there runs on this machine, and not elsewhere over the internet; blocks
   * shortly.
   *
   * @throws EngineException if there is none of that name, or the engine does not answer
   */
  boolean staysHere(String model) throws EngineException, InterruptedException;

  /**
   * Throws a model away; blocks shortly.
   *
   * @throws EngineException if there is none of that name, or the engine fails
   */
  void delete(String model) throws EngineException;
}
