package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.JobPart;
import java.time.Duration;
import java.util.Optional;

/**
 * That a task is part of a job, and what lets a worker keep a result while this node is away.
 *
 * @param earlier who may have it already, because an earlier run of this node asked for it
 */
public record Keeping(JobPart part, Optional<Earlier> earlier) {
  /** Who began with it, and how long ago. */
  public record Earlier(PeerId worker, Duration ago) {}
}
