package dev.waggle.mesh.libp2p.connection;

import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns "any address" into the addresses that this machine has. */
final class Interfaces {
  private static final Logger log = LoggerFactory.getLogger(Interfaces.class);

  private Interfaces() {}

  /**
   * The addresses at which a bound address can be reached, those of the network before loopback.
   */
  static List<Multiaddr> expand(Multiaddr bound) {
    String text = bound.toString();
    boolean any4 = text.startsWith("/ip4/0.0.0.0/");
    boolean any6 = text.startsWith("/ip6/::/");
    if (!any4 && !any6) {
      return List.of(bound);
    }
    int port = bound.tcp().orElseThrow().getPort();
    List<Multiaddr> network = new ArrayList<>();
    List<Multiaddr> loopback = new ArrayList<>();
    try {
      for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        if (!each.isUp()) {
          continue;
        }
        for (InetAddress address : Collections.list(each.getInetAddresses())) {
          boolean fits = address instanceof Inet4Address || any6;
          if (fits && !address.isLinkLocalAddress()) {
            (address.isLoopbackAddress() ? loopback : network)
                .add(Multiaddr.ofTcp(new InetSocketAddress(address, port)));
          }
        }
      }
    } catch (SocketException e) {
      log.warn("cannot list this machine's network addresses: {}", e.getMessage());
    }
    network.addAll(loopback);
    return network;
  }
}
