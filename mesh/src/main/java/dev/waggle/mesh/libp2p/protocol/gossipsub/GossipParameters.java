package dev.waggle.mesh.libp2p.protocol.gossipsub;

import java.time.Duration;

/**
 * How a router behaves (gossipsub v1.0 "Parameters", v1.1 "Overview of New Parameters").
 *
 * @param gossipFactor which part of the neighbours outside the mesh is told what there is, 0 to 1
 * @param floodPublish whether own messages go to every subscriber, not only the mesh
 * @param peerExchange whether a pruned neighbour is told of others
 * @param dontWantBytesMin the smallest message that neighbours are told not to send again
 * @param opportunisticGrafts how many better members a mesh of low scores gets at a time
 */
public record GossipParameters(
    MeshDegrees degrees,
    Timing timing,
    double gossipFactor,
    boolean floodPublish,
    boolean peerExchange,
    int dontWantBytesMin,
    int opportunisticGrafts,
    ScoreParameters scores) {

  /**
   * When what happens, and how long it is remembered.
   *
   * @param heartbeat how often the meshes are looked after
   * @param historyWindows for how many heartbeats a message can be asked for
   * @param gossipWindows for how many heartbeats it is told of
   * @param seen how long a message's id is remembered
   * @param fanout how long neighbours for a topic without subscription are kept
   * @param pruneBackoff how long a pruned neighbour is not grafted again
   * @param unsubscribeBackoff the same after an unsubscription
   * @param opportunisticGraft how often a mesh of low scores is mended
   */
  public record Timing(
      Duration heartbeat,
      int historyWindows,
      int gossipWindows,
      Duration seen,
      Duration fanout,
      Duration pruneBackoff,
      Duration unsubscribeBackoff,
      Duration opportunisticGraft) {
    /** The reasonable defaults of the specification. */
    public static final Timing DEFAULT =
        new Timing(
            Duration.ofSeconds(1),
            5,
            3,
            Duration.ofMinutes(2),
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofSeconds(10),
            Duration.ofMinutes(1));

    public Timing {
      if (historyWindows < 1 || gossipWindows < 0 || gossipWindows > historyWindows) {
        throw new IllegalArgumentException("0 <= gossip windows <= history windows, at least 1");
      }
      if (heartbeat.compareTo(Duration.ZERO) <= 0) {
        throw new IllegalArgumentException("a heartbeat takes some time");
      }
    }
  }

  /** The reasonable defaults of the specification. */
  public static final GossipParameters DEFAULT =
      new GossipParameters(
          MeshDegrees.DEFAULT,
          Timing.DEFAULT,
          0.25,
          true,
          false,
          1_024,
          2,
          ScoreParameters.DEFAULT);

  public GossipParameters {
    if (gossipFactor < 0 || gossipFactor > 1) {
      throw new IllegalArgumentException("a gossip factor is between 0 and 1");
    }
    if (dontWantBytesMin < 0 || opportunisticGrafts < 0) {
      throw new IllegalArgumentException("sizes and counts are at least 0");
    }
  }

  /** The same with or without flood publishing and peer exchange. */
  public GossipParameters with(boolean flood, boolean exchange) {
    return new GossipParameters(
        degrees,
        timing,
        gossipFactor,
        flood,
        exchange,
        dontWantBytesMin,
        opportunisticGrafts,
        scores);
  }
}
