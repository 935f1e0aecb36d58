package dev.waggle.mesh.simulation;

import java.time.Duration;
import java.util.SplittableRandom;

/**
 * What lies between nodes: each pair has its latency, messages of a pair stay in order, some are
 * lost, and nodes of different sides of a partition do not hear each other.
 */
public final class Links {
  private final long seed;
  private final long latencyMin;
  private final long latencyMax;
  private final double loss;
  private final SplittableRandom random;
  private final int[] side;

  /**
   * @param loss the part of messages that never arrive, 0 to 1
   */
  public Links(
      SplittableRandom random, int nodes, Duration latencyMin, Duration latencyMax, double loss) {
    this.seed = random.nextLong();
    this.latencyMin = latencyMin.toNanos();
    this.latencyMax = latencyMax.toNanos();
    this.loss = loss;
    this.random = random;
    this.side = new int[nodes];
  }

  /** The time from one node to the other, in nanoseconds, the same both ways. */
  public long latency(int from, int to) {
    long pair = (long) Math.min(from, to) << 32 | Math.max(from, to);
    return latencyMin + new SplittableRandom(seed ^ pair).nextLong(latencyMax - latencyMin + 1);
  }

  /** Whether the next message between them arrives. */
  public boolean arrives(int from, int to) {
    return side[from] == side[to] && (loss == 0 || random.nextDouble() >= loss);
  }

  /** Moves a node to another side of the partition; all begin on side 0. */
  public void move(int node, int toSide) {
    side[node] = toSide;
  }

  /** Whether the nodes are on one side. */
  public boolean connected(int a, int b) {
    return side[a] == side[b];
  }
}
