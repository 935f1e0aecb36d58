package dev.waggle.mesh.swarm;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.util.List;

/**
 * How a node is reached and whom it looks for.
 *
 * @param listen addresses to listen on
 * @param peers addresses, each ending in a peer id, that are dialled until they answer
 * @param mdns whether to find and be found on the local network
 */
public record SwarmSettings(List<Multiaddr> listen, List<Multiaddr> peers, boolean mdns) {
  public SwarmSettings {
    listen = List.copyOf(listen);
    peers = List.copyOf(peers);
    for (Multiaddr peer : peers) {
      if (peer.peerId().isEmpty()) {
        throw new IllegalArgumentException(peer + " does not end in /p2p/ and a peer id");
      }
    }
  }
}
