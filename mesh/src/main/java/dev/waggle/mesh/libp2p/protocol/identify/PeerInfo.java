package dev.waggle.mesh.libp2p.protocol.identify;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.util.List;
import java.util.Optional;

/**
 * What a peer says of itself.
 *
 * @param agent its software, for people
 * @param addresses where it listens; those of its signed record when it sent one
 * @param observed where it sees this host; empty when it does not say
 * @param signedRecord its addresses with its signature, which was checked; empty without one
 */
public record PeerInfo(
    String agent,
    List<String> protocols,
    List<Multiaddr> addresses,
    Optional<Multiaddr> observed,
    Optional<byte[]> signedRecord) {
  public PeerInfo {
    protocols = List.copyOf(protocols);
    addresses = List.copyOf(addresses);
  }
}
