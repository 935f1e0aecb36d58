package dev.waggle.worker;

import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.Sha256;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.KeepId;
import dev.waggle.mesh.swarm.wire.SpecCodec;
import java.util.Optional;

/**
 * What a kept result is found by: a task that is asked for again has the same name.
 *
 * @param task SHA-256 of the task as it travels; the task itself is kept nowhere
 */
record KeptName(PeerId requester, KeepId keep, Bytes task) {
  /** The length of a hash. */
  static final int TASK_BYTES = 32;

  KeptName {
    if (task.size() != TASK_BYTES) {
      throw new IllegalArgumentException("a task's hash has " + TASK_BYTES + " bytes");
    }
  }

  /** The name of what a task comes to; empty where nobody would ask for it again. */
  static Optional<KeptName> of(Assignment assignment) {
    return assignment
        .part()
        .map(
            part ->
                new KeptName(
                    assignment.requester(),
                    part.keep(),
                    Bytes.of(Sha256.of(SpecCodec.encode(assignment.spec())))));
  }
}
