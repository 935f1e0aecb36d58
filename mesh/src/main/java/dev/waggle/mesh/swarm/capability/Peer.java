package dev.waggle.mesh.swarm.capability;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Another node of the swarm.
 *
 * @param name the name in its certificate
 * @param addresses where it says it listens
 * @param connected whether a connection is open and admitted
 * @param route the address that the connection runs over, through a relay if it is a circuit; empty
 *     while not connected
 * @param roundTrip the last measured round trip; empty before the first
 * @param capability its last valid advert; empty before the first and after expiry
 * @param lastSeen when something last came from it, adverts passed on by others included
 */
public record Peer(
    PeerId id,
    String name,
    List<Multiaddr> addresses,
    boolean connected,
    Optional<Multiaddr> route,
    Optional<Duration> roundTrip,
    Optional<Capability> capability,
    Instant lastSeen) {
  public Peer {
    addresses = List.copyOf(addresses);
  }
}
