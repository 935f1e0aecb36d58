package dev.waggle.mesh.libp2p.protocol.mdns;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import javax.jmdns.JmDNS;
import javax.jmdns.ServiceEvent;
import javax.jmdns.ServiceInfo;
import javax.jmdns.ServiceListener;
import javax.jmdns.impl.DNSEntry;
import javax.jmdns.impl.DNSRecord;
import javax.jmdns.impl.JmDNSImpl;
import javax.jmdns.impl.constants.DNSRecordClass;
import javax.jmdns.impl.constants.DNSRecordType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds libp2p hosts on the local network and lets itself be found. Whoever is found still has to
 * prove who it is. Thread-safe.
 */
public final class MdnsDiscovery implements AutoCloseable {
  /** The service's type (discovery/mdns.md, "Definitions"). */
  static final String SERVICE = "_p2p._udp.local.";

  private static final List<Duration> QUESTIONS =
      List.of(Duration.ofMillis(1_000), Duration.ofMillis(2_200), Duration.ofSeconds(5));
  private static final Logger log = LoggerFactory.getLogger(MdnsDiscovery.class);
  private static final int NETWORKS_MAX = 4;
  private static final int NAME_BYTES = 20;
  private static final int TTL_LATER_MS = 1_000;
  private static final long CLOSE_MAX_SECONDS = 3;

  private final Host host;
  private final BiConsumer<PeerId, List<Multiaddr>> onFound;
  private final List<JmDNS> networks = new ArrayList<>();

  private MdnsDiscovery(Host host, BiConsumer<PeerId, List<Multiaddr>> onFound) {
    this.host = host;
    this.onFound = onFound;
  }

  /**
   * Starts on every network that this machine is in now; blocks while it does. A network that
   * refuses is logged and left out.
   *
   * @param onFound hears of peers, again and again; must not block
   */
  public static MdnsDiscovery start(Host host, BiConsumer<PeerId, List<Multiaddr>> onFound) {
    MdnsDiscovery discovery = new MdnsDiscovery(host, onFound);
    List<InetAddress> own = ownAddresses();
    for (InetAddress address : own) {
      discovery.startOn(address);
    }
    if (own.isEmpty()) {
      log.info("no network for mDNS: nodes have to be named with --peer or by an invite");
    }
    return discovery;
  }

  private static List<InetAddress> ownAddresses() {
    List<InetAddress> addresses = new ArrayList<>();
    try {
      for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        if (!each.isUp() || each.isLoopback() || !each.supportsMulticast()) {
          continue;
        }
        for (InetAddress address : Collections.list(each.getInetAddresses())) {
          if (address instanceof Inet4Address && addresses.size() < NETWORKS_MAX) {
            addresses.add(address);
          }
        }
      }
    } catch (SocketException e) {
      log.warn("cannot list this machine's networks: {}", e.getMessage());
    }
    return addresses;
  }

  private void startOn(InetAddress address) {
    List<String> texts = texts(address);
    if (texts.isEmpty()) {
      return;
    }
    try {
      // The name spares a reverse lookup, which takes seconds where there is no name server.
      JmDNS network = JmDNS.create(InetAddress.getByAddress("waggle", address.getAddress()));
      synchronized (networks) {
        networks.add(network);
      }
      network.addServiceListener(SERVICE, new Found());
      // One question may be lost, or come too soon after another's for an answer (RFC 6762, 6).
      for (Duration later : QUESTIONS) {
        host.scheduler()
            .schedule(
                () -> ((JmDNSImpl) network).startServiceResolver(SERVICE),
                later.toMillis(),
                TimeUnit.MILLISECONDS);
      }
      network.registerService(
          ServiceInfo.create(SERVICE, randomName(), port(), 0, 0, TxtStrings.encode(texts)));
      log.debug("mDNS on {} announces {}", address, texts);
    } catch (IOException e) {
      log.warn("no mDNS on {}: {}", address, e.getMessage());
    }
  }

  private List<String> texts(InetAddress network) {
    return host.listenAddresses().stream()
        .filter(
            address ->
                address
                    .tcp()
                    .map(socket -> network.getHostAddress().equals(socket.getHostString()))
                    .orElse(false))
        .map(address -> "dnsaddr=" + address.withPeerId(host.peerId()))
        .toList();
  }

  private int port() {
    return host.listenAddresses().stream()
        .flatMap(address -> address.tcp().stream())
        .findFirst()
        .orElseThrow()
        .getPort();
  }

  /** A random name, as the specification asks, so that nobody is tracked by it. */
  private static String randomName() {
    byte[] bytes = new byte[NAME_BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private void onTexts(List<String> texts) {
    List<Multiaddr> addresses = new ArrayList<>();
    for (String text : texts) {
      if (text.startsWith("dnsaddr=")) {
        try {
          addresses.add(Multiaddr.parse(text.substring("dnsaddr=".length())));
        } catch (IllegalArgumentException e) {
          log.debug("mDNS shows an address that cannot be read");
        }
      }
    }
    Map<PeerId, List<Multiaddr>> byPeer =
        addresses.stream()
            .filter(address -> address.peerId().isPresent())
            .collect(Collectors.groupingBy(address -> address.peerId().orElseThrow()));
    byPeer.forEach(
        (peer, its) -> {
          if (!peer.equals(host.peerId())) {
            onFound.accept(peer, its);
          }
        });
  }

  /** Leaves the networks, at most three seconds. */
  @Override
  public void close() {
    List<JmDNS> open;
    synchronized (networks) {
      open = List.copyOf(networks);
      networks.clear();
    }
    CompletableFuture<?>[] closing =
        open.stream()
            .map(network -> CompletableFuture.runAsync(() -> close(network), MdnsDiscovery::daemon))
            .toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(closing).get(CLOSE_MAX_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | java.util.concurrent.ExecutionException e) {
      log.debug("mDNS did not close in time");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void daemon(Runnable work) {
    Thread thread = new Thread(work, "mdns-close");
    thread.setDaemon(true);
    thread.start();
  }

  private static void close(JmDNS network) {
    try {
      network.close();
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /**
   * libp2p peers send no SRV record, so a service of theirs is never "resolved"; what they say is
   * in the TXT record, which the library keeps in its cache.
   */
  private final class Found implements ServiceListener {
    @Override
    public void serviceAdded(ServiceEvent event) {
      if (!read(event)) {
        event.getDNS().requestServiceInfo(event.getType(), event.getName(), TTL_LATER_MS);
        read(event);
      }
    }

    private boolean read(ServiceEvent event) {
      String name = (event.getName() + "." + event.getType()).toLowerCase(java.util.Locale.ROOT);
      DNSEntry entry =
          ((JmDNSImpl) event.getDNS())
              .getCache()
              .getDNSEntry(name, DNSRecordType.TYPE_TXT, DNSRecordClass.CLASS_IN);
      if (entry instanceof DNSRecord.Text text) {
        onTexts(TxtStrings.decode(text.getServiceInfo(true).getTextBytes()));
        return true;
      }
      return false;
    }

    @Override
    public void serviceRemoved(ServiceEvent event) {
      // A peer that leaves the network closes its connection, too.
    }

    @Override
    public void serviceResolved(ServiceEvent event) {
      onTexts(TxtStrings.decode(event.getInfo().getTextBytes()));
    }
  }
}
