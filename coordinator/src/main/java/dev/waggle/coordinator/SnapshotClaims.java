package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.label.Label;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which workers hold claims of tasks that need a snapshot of this node: these may fetch it, as long
 * as they hold them. Thread-safe.
 */
final class SnapshotClaims {
  private final Map<Claimed, Integer> claims = new HashMap<>();

  private record Claimed(PeerId worker, BlobDigest snapshot, boolean lanOnly) {}

  private static Optional<Claimed> claimed(PeerId worker, TaskSpec task) {
    return task instanceof TaskSpec.Code code
        ? code.snapshot()
            .map(Snapshot::digest)
            .map(digest -> new Claimed(worker, digest, code.labels().contains(Label.LAN_ONLY)))
        : Optional.empty();
  }

  /** A worker claimed a task. */
  synchronized void begin(PeerId worker, TaskSpec task) {
    claimed(worker, task).ifPresent(each -> claims.merge(each, 1, Integer::sum));
  }

  /** A claim of a worker is over. */
  synchronized void end(PeerId worker, TaskSpec task) {
    claimed(worker, task)
        .ifPresent(
            each -> claims.computeIfPresent(each, (key, count) -> count == 1 ? null : count - 1));
  }

  /**
   * Whether a worker holds a claim of a task with that snapshot.
   *
   * @param relayed whether a task counts only if relays may carry what it needs
   */
  synchronized boolean hold(PeerId worker, BlobDigest snapshot, boolean relayed) {
    return claims.containsKey(new Claimed(worker, snapshot, /* lanOnly= */ false))
        || (!relayed && claims.containsKey(new Claimed(worker, snapshot, /* lanOnly= */ true)));
  }

  /** Whether a worker holds a claim of a task with any snapshot. */
  synchronized boolean hold(PeerId worker) {
    return claims.keySet().stream().anyMatch(each -> each.worker().equals(worker));
  }
}
