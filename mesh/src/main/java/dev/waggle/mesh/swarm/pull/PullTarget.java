package dev.waggle.mesh.swarm.pull;

import dev.waggle.crypto.PeerId;
import java.util.Optional;

/** Gets models for members, as far as this machine's owner lets them. Thread-safe. */
public interface PullTarget {
  /** Hears how far a pull is. */
  @FunctionalInterface
  interface Steps {
    /**
     * Takes a step; does not block.
     *
     * @throws InterruptedException when nobody waits any more; the pull ends
     */
    void at(PullReport.Progress progress) throws InterruptedException;
  }

  /** Why a member may not order a model now; empty when it may. Does not block. */
  Optional<PullReport.Reason> refusal(PeerId member, String model);

  /**
   * Gets a model; blocks until it is there, or is not to be. One at a time is asked for.
   *
   * @return what there is to say at the end
   * @throws InterruptedException what the steps threw, or when this thread was interrupted
   */
  PullReport pull(String model, Steps steps) throws InterruptedException;
}
