package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.TaskSpec;

/**
 * A node that could run a task, and the model it would use.
 *
 * @param forecast when it would answer
 */
record Candidate(PeerId worker, String name, ModelOffer model, Forecast forecast) {
  /** A task as this node gets it: any model becomes the one that it has. */
  TaskSpec task(TaskSpec any) {
    return ModelQuery.of(any.model()).any() ? any.with(model.name()) : any;
  }

  @Override
  public String toString() {
    return name + " (" + worker.abbreviated() + ")";
  }
}
