package dev.waggle.mesh.libp2p.protocol.mdns;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
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

  /** Two hosts meet; with a number, so many newcomers do one after another, and it prints times. */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 0) {
      measure(Integer.parseInt(arguments[0]));
    } else {
      meetBothWays();
    }
    System.exit(0);
  }

  @SuppressWarnings("try") // They are there to be heard.
  private static void meetBothWays() throws Exception {
    try (Libp2pHost first = host();
        Libp2pHost second = host()) {
      MdnsScenario one = new MdnsScenario(first, second.peerId());
      MdnsScenario other = new MdnsScenario(second, first.peerId());
      try (MdnsDiscovery early = MdnsDiscovery.start(first, one::onFound);
          MdnsDiscovery late = MdnsDiscovery.start(second, other::onFound)) {
        System.out.println("met at " + other.meet().remoteAddress());
        System.out.println("met " + one.meet().remotePeer());
      }
    }
  }

  @SuppressWarnings("try") // The resident is there to be found.
  private static void measure(int newcomers) throws Exception {
    List<Long> times = new ArrayList<>();
    try (Libp2pHost resident = host();
        MdnsDiscovery known = MdnsDiscovery.start(resident, (peer, addresses) -> {})) {
      long together = find(resident);
      for (int i = 0; i < newcomers; i++) {
        times.add(find(resident));
      }
      Collections.sort(times);
      System.out.printf(
          "mDNS, from a newcomer's query to the connection, %d times: p50 %.0f ms, p95 %.0f ms;"
              + " two that start together: %.0f ms%n",
          newcomers,
          times.get(times.size() / 2) / 1e6,
          times.get(times.size() * 95 / 100) / 1e6,
          together / 1e6);
    }
  }

  /** How long a newcomer takes to the connection, in nanoseconds. */
  @SuppressWarnings("try") // It is there to ask.
  private static long find(Libp2pHost resident) throws Exception {
    try (Libp2pHost newcomer = host()) {
      MdnsScenario scenario = new MdnsScenario(newcomer, resident.peerId());
      long begin = System.nanoTime();
      try (MdnsDiscovery own = MdnsDiscovery.start(newcomer, scenario::onFound)) {
        scenario.meet();
        return System.nanoTime() - begin;
      }
    }
  }

  private static Libp2pHost host() throws IOException {
    return Libp2pHost.start(
        Identity.generate(new SecureRandom()), List.of(Multiaddr.parse("/ip4/0.0.0.0/tcp/0")));
  }
}
