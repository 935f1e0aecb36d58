package dev.waggle.mesh.libp2p.protocol.mdns;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Two hosts that know nothing of each other but their network. Run in a namespace of its own. */
final class MdnsScenario {
  private static final long FOUND_MAX_SECONDS = 20;

  private final CompletableFuture<List<Multiaddr>> found = new CompletableFuture<>();
  private final Libp2pHost host;
  private final PeerId wanted;

  private MdnsScenario(Libp2pHost host, PeerId wanted) {
    this.host = host;
    this.wanted = wanted;
  }

  private void onFound(PeerId peer, List<Multiaddr> addresses) {
    if (peer.equals(wanted)) {
      found.complete(addresses);
    }
  }

  private Connection meet() throws Exception {
    List<Multiaddr> addresses = found.get(FOUND_MAX_SECONDS, TimeUnit.SECONDS);
    return host.connect(wanted, addresses).get(FOUND_MAX_SECONDS, TimeUnit.SECONDS);
  }

  public static void main(String[] arguments) throws Exception {
    try (Libp2pHost first = host();
        Libp2pHost second = host()) {
      MdnsScenario one = new MdnsScenario(first, second.peerId());
      MdnsScenario other = new MdnsScenario(second, first.peerId());
      try (MdnsDiscovery early = MdnsDiscovery.start(first, one::onFound);
          MdnsDiscovery late = MdnsDiscovery.start(second, other::onFound)) {
        Connection byNewcomer = other.meet();
        Connection byFirst = one.meet();
        System.out.println("met at " + byNewcomer.remoteAddress() + " " + byFirst.remotePeer());
        System.out.println("met " + early.equals(late));
      }
    }
    System.exit(0);
  }

  private static Libp2pHost host() throws IOException {
    return Libp2pHost.start(
        Identity.generate(new SecureRandom()), List.of(Multiaddr.parse("/ip4/0.0.0.0/tcp/0")));
  }
}
