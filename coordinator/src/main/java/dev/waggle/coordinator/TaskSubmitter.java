package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.TaskSpec;

/** Takes tasks and has them run by whichever node of the swarm does it best. Thread-safe. */
@FunctionalInterface
public interface TaskSubmitter {
  /**
   * Starts a task. Returns at once; the listener hears everything, from any thread, one call after
   * another, and always exactly one end.
   */
  RunningTask submit(TaskSpec spec, TaskListener listener);
}
