package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.util.Optional;

/** Takes tasks and has them run by whichever node of the swarm does it best. Thread-safe. */
public interface TaskSubmitter {
  /**
   * Starts a task. Returns at once; the listener hears everything, from any thread, one call after
   * another, and always exactly one end.
   */
  RunningTask submit(TaskSpec spec, Terms terms, TaskListener listener);

  /** Starts a task on the usual terms. */
  default RunningTask submit(TaskSpec spec, TaskListener listener) {
    return submit(spec, Terms.USUAL, listener);
  }

  /** What happened to one of the last thousand tasks; empty for others. */
  Optional<TaskStory> story(TaskId task);
}
