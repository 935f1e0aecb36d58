package dev.waggle.mesh.libp2p.protocol.gossipsub;

import dev.waggle.crypto.PeerId;
import java.time.Duration;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * How neighbours are scored and what a score leads to (gossipsub v1.1 "Peer Scoring").
 *
 * @param topics topics that count in their own way
 * @param anyTopic how all others count
 * @param topicCap the most that all topics together can give; 0 for no limit
 * @param application P5, what the application thinks of a peer; must not block
 * @param applicationWeight P5's weight, at least 0
 * @param colocationWeight P6's weight, at most 0
 * @param colocationThreshold so many neighbours may have one address
 * @param behaviourWeight P7's weight, at most 0
 * @param behaviourThreshold so many slips count nothing
 * @param behaviourDecay P7's decay, between 0 and 1
 * @param decayInterval how often counters decay
 * @param decayToZero what is below counts as 0
 * @param retain how long the score of a neighbour that went away is kept
 */
public record ScoreParameters(
    Thresholds thresholds,
    Map<String, TopicScoreParameters> topics,
    TopicScoreParameters anyTopic,
    double topicCap,
    ToDoubleFunction<PeerId> application,
    double applicationWeight,
    double colocationWeight,
    int colocationThreshold,
    double behaviourWeight,
    double behaviourThreshold,
    double behaviourDecay,
    Duration decayInterval,
    double decayToZero,
    Duration retain) {

  /**
   * Scores below which a neighbour loses something, and above which it gains.
   *
   * @param gossip below, nothing is told to it or believed: at most 0
   * @param publish below, own messages do not go to it: at most {@code gossip}
   * @param graylist below, whatever it says is dropped unread: below {@code publish}
   * @param acceptExchange from here on, the peers that it names are dialled: at least 0
   * @param opportunisticGraft a mesh with a median below gets better members: at least 0
   */
  public record Thresholds(
      double gossip,
      double publish,
      double graylist,
      double acceptExchange,
      double opportunisticGraft) {
    public Thresholds {
      if (gossip > 0 || publish > gossip || graylist >= publish) {
        throw new IllegalArgumentException("0 >= gossip >= publish > graylist");
      }
      if (acceptExchange < 0 || opportunisticGraft < 0) {
        throw new IllegalArgumentException("exchange and grafts need scores of at least 0");
      }
    }
  }

  /** For swarms of members: forgiving of the network, not of forgery. */
  public static final ScoreParameters DEFAULT =
      new ScoreParameters(
          new Thresholds(-100, -300, -1_000, 5, 1),
          Map.of(),
          TopicScoreParameters.QUIET,
          100,
          peer -> 0,
          1,
          -5,
          16,
          -10,
          3,
          0.99,
          Duration.ofSeconds(1),
          0.01,
          Duration.ofMinutes(10));

  public ScoreParameters {
    topics = Map.copyOf(topics);
    TopicScoreParameters.requireDecay(behaviourDecay);
    if (applicationWeight < 0 || colocationWeight > 0 || behaviourWeight > 0) {
      throw new IllegalArgumentException("colocation and behaviour are penalties");
    }
    if (colocationThreshold < 1 || behaviourThreshold < 0 || topicCap < 0) {
      throw new IllegalArgumentException("a threshold or a cap is too low");
    }
  }

  TopicScoreParameters topic(String topic) {
    return topics.getOrDefault(topic, anyTopic);
  }
}
