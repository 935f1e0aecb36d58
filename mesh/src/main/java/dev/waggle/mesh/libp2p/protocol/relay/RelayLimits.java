package dev.waggle.mesh.libp2p.protocol.relay;

import java.time.Duration;

/**
 * What a relay gives away.
 *
 * @param reservationsMax how many peers may hold a reservation
 * @param circuitsMax how many circuits may be open
 * @param circuitsPerPeerMax how many of them may begin or end at one peer
 * @param reservation how long a reservation is good
 * @param circuit how long a circuit may last; zero for no limit
 * @param circuitBytes how many bytes it may carry each way; 0 for no limit
 */
public record RelayLimits(
    int reservationsMax,
    int circuitsMax,
    int circuitsPerPeerMax,
    Duration reservation,
    Duration circuit,
    long circuitBytes) {
  /** For members of one swarm: whatever they do, but not without end. */
  public static final RelayLimits MEMBERS =
      new RelayLimits(128, 256, 16, Duration.ofHours(1), Duration.ZERO, 0);

  /** For strangers: enough to find a better way. */
  public static final RelayLimits STRANGERS =
      new RelayLimits(128, 64, 4, Duration.ofHours(1), Duration.ofMinutes(2), 128 << 10);

  public RelayLimits {
    boolean positive = reservationsMax > 0 && circuitsMax > 0 && circuitsPerPeerMax > 0;
    if (!positive || circuit.isNegative() || circuitBytes < 0 || reservation.toSeconds() < 1) {
      throw new IllegalArgumentException("a relay that gives nothing is no relay");
    }
  }
}
