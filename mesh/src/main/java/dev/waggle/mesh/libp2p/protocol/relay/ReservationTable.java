package dev.waggle.mesh.libp2p.protocol.relay;

import dev.waggle.crypto.PeerId;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Who may be reached through this relay, and how many circuits there are. Not thread-safe. */
final class ReservationTable {
  private final RelayLimits limits;
  private final Map<PeerId, Instant> expiries = new HashMap<>();
  private final Map<PeerId, Integer> circuitsOf = new HashMap<>();
  private int circuits;

  ReservationTable(RelayLimits limits) {
    this.limits = limits;
  }

  /**
   * Makes or renews a reservation; returns until when it is good, empty when there are too many.
   */
  Optional<Instant> reserve(PeerId peer, Instant now) {
    expiries.values().removeIf(expiry -> !expiry.isAfter(now));
    if (!expiries.containsKey(peer) && expiries.size() >= limits.reservationsMax()) {
      return Optional.empty();
    }
    // Whole seconds are what is told.
    Instant expiry = Instant.ofEpochSecond(now.plus(limits.reservation()).getEpochSecond());
    expiries.put(peer, expiry);
    return Optional.of(expiry);
  }

  /** The peer is not connected any more. */
  void cancel(PeerId peer) {
    expiries.remove(peer);
  }

  /** Takes room for a circuit; whoever got {@link Status#OK} gives it back with {@link #close}. */
  Status open(PeerId from, PeerId to, Instant now) {
    Instant expiry = expiries.get(to);
    if (expiry == null || !expiry.isAfter(now)) {
      return Status.NO_RESERVATION;
    }
    if (circuits >= limits.circuitsMax()
        || circuitsOf.getOrDefault(from, 0) >= limits.circuitsPerPeerMax()
        || circuitsOf.getOrDefault(to, 0) >= limits.circuitsPerPeerMax()) {
      return Status.RESOURCE_LIMIT_EXCEEDED;
    }
    circuits++;
    circuitsOf.merge(from, 1, Integer::sum);
    circuitsOf.merge(to, 1, Integer::sum);
    return Status.OK;
  }

  /** A circuit ended. */
  void close(PeerId from, PeerId to) {
    circuits--;
    circuitsOf.computeIfPresent(from, (peer, n) -> n == 1 ? null : n - 1);
    circuitsOf.computeIfPresent(to, (peer, n) -> n == 1 ? null : n - 1);
  }

  int circuits() {
    return circuits;
  }
}
