package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.ModelOffer;

/**
 * A node that could run a task, and the model it would use.
 *
 * @param forecast when it would answer
 */
record Candidate(PeerId worker, String name, ModelOffer model, Forecast forecast) {
  @Override
  public String toString() {
    return name + " (" + worker.abbreviated() + ")";
  }
}
