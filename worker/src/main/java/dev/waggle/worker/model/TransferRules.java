package dev.waggle.worker.model;

import dev.waggle.mesh.swarm.blob.Pace;

/**
 * What the owner allows.
 *
 * @param share whether members may copy this machine's models
 * @param pull whether members may order models, which this machine then gets from its registry
 * @param bytesPerSecond the most that is sent, and the most that is fetched; 0 for no limit
 */
public record TransferRules(boolean share, boolean pull, long bytesPerSecond) {
  /** What holds when the owner says nothing. */
  public static final TransferRules DEFAULT =
      new TransferRules(/* share= */ true, /* pull= */ false, 0);

  public TransferRules {
    if (!Pace.isLimit(bytesPerSecond)) {
      throw new IllegalArgumentException("transfers have no such limit: " + bytesPerSecond);
    }
  }
}
