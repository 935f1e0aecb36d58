package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.TaskId;

/** A task on its way. */
public interface RunningTask {
  /** Its name. */
  TaskId id();

  /** Gives it up, on the worker too; the listener hears no more. Idempotent. */
  void cancel();

  /** Gives it up here; a worker that keeps its result ends it. The listener hears no more. */
  default void leave() {
    cancel();
  }
}
