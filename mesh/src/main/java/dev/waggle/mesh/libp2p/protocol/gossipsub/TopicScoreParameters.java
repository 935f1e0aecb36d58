package dev.waggle.mesh.libp2p.protocol.gossipsub;

import java.time.Duration;

/**
 * How a neighbour's behaviour in one topic counts (gossipsub v1.1 "Peer Scoring"). Decays are
 * factors between 0 and 1 that apply each decay interval.
 *
 * @param weight the topic's part in the whole score
 * @param timeInMesh P1
 * @param firstDeliveries P2
 * @param meshDeliveries P3 and P3b
 * @param invalidWeight P4's weight, at most 0
 * @param invalidDecay P4's decay
 */
public record TopicScoreParameters(
    double weight,
    TimeInMesh timeInMesh,
    FirstDeliveries firstDeliveries,
    MeshDeliveries meshDeliveries,
    double invalidWeight,
    double invalidDecay) {

  /** P1: rewards staying in the mesh, one point a quantum. */
  public record TimeInMesh(double weight, Duration quantum, double cap) {
    public TimeInMesh {
      if (weight < 0 || cap < 0 || quantum.compareTo(Duration.ZERO) <= 0) {
        throw new IllegalArgumentException("time in mesh is a reward of a positive quantum");
      }
    }
  }

  /** P2: rewards who brings messages first. */
  public record FirstDeliveries(double weight, double decay, double cap) {
    public FirstDeliveries {
      requireDecay(decay);
      if (weight < 0 || cap < 0) {
        throw new IllegalArgumentException("first deliveries are a reward");
      }
    }
  }

  /**
   * P3 and P3b: penalizes members of the mesh that bring too few messages, and remembers that they
   * were pruned for it.
   *
   * @param threshold so many are expected
   * @param activation how long a member has before it applies
   * @param window how long after the first delivery another one still counts
   */
  public record MeshDeliveries(
      double weight,
      double decay,
      double threshold,
      double cap,
      Duration activation,
      Duration window,
      double failureWeight,
      double failureDecay) {
    public MeshDeliveries {
      requireDecay(decay);
      requireDecay(failureDecay);
      if (weight > 0 || failureWeight > 0 || threshold < 0 || cap < threshold) {
        throw new IllegalArgumentException("missing deliveries are a penalty, cap >= threshold");
      }
    }
  }

  /**
   * For a topic with few messages: nobody is blamed for silence, only for what is wrong. Half of a
   * penalty for an invalid message is gone after ten minutes.
   */
  public static final TopicScoreParameters QUIET =
      new TopicScoreParameters(
          1,
          new TimeInMesh(0.01, Duration.ofSeconds(1), 300),
          new FirstDeliveries(0.5, 0.998, 100),
          new MeshDeliveries(
              0, 0.99, 0, 100, Duration.ofSeconds(30), Duration.ofMillis(10), 0, 0.99),
          -20,
          0.9988);

  public TopicScoreParameters {
    requireDecay(invalidDecay);
    if (invalidWeight > 0 || weight < 0) {
      throw new IllegalArgumentException("invalid messages are a penalty, a topic counts");
    }
  }

  static void requireDecay(double decay) {
    if (!(decay > 0 && decay < 1)) {
      throw new IllegalArgumentException("a decay is a factor between 0 and 1");
    }
  }
}
