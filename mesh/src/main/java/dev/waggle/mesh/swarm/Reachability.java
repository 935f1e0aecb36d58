package dev.waggle.mesh.swarm;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.identify.PeerInfo;
import dev.waggle.mesh.libp2p.protocol.relay.RelayClient;
import dev.waggle.mesh.libp2p.protocol.relay.RelayLimits;
import dev.waggle.mesh.libp2p.protocol.relay.RelayReservations;
import dev.waggle.mesh.libp2p.protocol.relay.RelayService;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds out whether others can reach this node, and has relays when they cannot. A member that sees
 * this node at an address that it does not have is beyond a NAT, and a relay for whoever is there;
 * when nobody ever came in, any member that this node dialled may help. Thread-safe; nothing
 * blocks.
 */
final class Reachability {
  /** How long to wait for somebody to come in before it is believed that nobody can. */
  static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Libp2pHost host;
  private final RelayReservations reservations;
  private final Clock clock;
  private final Set<Connection> dialled = ConcurrentHashMap.newKeySet();
  private final Set<Connection> beyondNat = ConcurrentHashMap.newKeySet();
  private final Instant begin;
  private volatile boolean cameIn;

  /**
   * Makes the host a relay for its swarm, and a user of relays.
   *
   * @param onChanged called when {@link #addresses()} are others; must not block
   */
  Reachability(Libp2pHost host, Identity identity, Clock clock, Runnable onChanged) {
    this.host = host;
    this.clock = clock;
    this.begin = clock.instant();
    RelayService.serve(host, identity, RelayLimits.MEMBERS, this::directAddresses, clock);
    this.reservations = new RelayReservations(host, RelayClient.serve(host), clock, onChanged);
  }

  /** Where this node listens: loopback only when there is nothing else. */
  private List<Multiaddr> directAddresses() {
    List<Multiaddr> all = host.listenAddresses();
    List<Multiaddr> network = all.stream().filter(each -> !each.isLoopback()).toList();
    return network.isEmpty() ? all : network;
  }

  /** Where others reach this node, through relays too. */
  List<Multiaddr> addresses() {
    List<Multiaddr> all = new ArrayList<>(reservations.addresses());
    all.addAll(directAddresses());
    return all;
  }

  /** An admitted member has said who it is, and where it sees this node. */
  void onIdentified(Connection connection, PeerInfo info) {
    if (connection.isRelayed() || connection.closed().isDone()) {
      return;
    }
    if (!connection.initiator()) {
      cameIn = true;
      return;
    }
    dialled.add(connection);
    if (info.observed().filter(Reachability::isForeign).isPresent()) {
      beyondNat.add(connection);
    }
    step();
  }

  /** Looks for relays where they are missing. To be called about once a second. */
  void step() {
    dialled.removeIf(connection -> connection.closed().isDone());
    beyondNat.removeIf(connection -> connection.closed().isDone());
    beyondNat.forEach(reservations::offer);
    boolean alone = !cameIn && clock.instant().isAfter(begin.plus(PATIENCE));
    if (beyondNat.isEmpty() && alone) {
      dialled.forEach(reservations::offer);
    }
  }

  /** Whether no network of this machine has the address. */
  private static boolean isForeign(Multiaddr observed) {
    if (observed.tcp().isEmpty() || observed.hostName().isPresent()) {
      return false;
    }
    try {
      // A number: nothing is looked up.
      InetAddress address = InetAddress.getByName(observed.tcp().orElseThrow().getHostString());
      return NetworkInterface.getByInetAddress(address) == null;
    } catch (UnknownHostException | SocketException e) {
      return false;
    }
  }
}
