package dev.waggle.mesh.libp2p.transport;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.util.concurrent.CompletableFuture;

/** Makes links to addresses of its kind. Thread-safe; must not block. */
public interface LinkDialer {
  /** Whether it can dial such an address. */
  boolean handles(Multiaddr address);

  /** Makes a link to a peer at an address; what comes out of it is not proved to be that peer. */
  CompletableFuture<Link> dial(Multiaddr address, PeerId peer);
}
