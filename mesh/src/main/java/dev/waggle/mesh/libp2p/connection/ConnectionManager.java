package dev.waggle.mesh.libp2p.connection;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.ConnectionListener;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the right number of connections: tries, less and less often, to connect to every peer that
 * it was told of while there are few, and closes the least useful ones when there are too many.
 * Thread-safe; nothing blocks.
 */
public final class ConnectionManager implements ConnectionListener {
  /** The most peers that it knows of; then what was only heard makes room for what is known. */
  public static final int TARGETS_MAX = 1_024;

  /** The most addresses it keeps of one peer; then the oldest that never worked makes room. */
  public static final int ADDRESSES_MAX = 16;

  /** The most dials under way. */
  static final int DIALS_MAX = 8;

  static final Duration BACKOFF_FIRST = Duration.ofSeconds(1);
  static final Duration BACKOFF_MAX = Duration.ofMinutes(1);
  static final Duration REFUSED_BACKOFF = Duration.ofMinutes(5);

  private static final Logger log = LoggerFactory.getLogger(ConnectionManager.class);

  private final Host host;
  private final Clock clock;
  private final Limits limits;
  private final ToDoubleFunction<PeerId> value;
  private final Map<PeerId, Target> targets = new LinkedHashMap<>();
  private final Set<PeerId> protectedPeers = new HashSet<>();
  private final Map<Connection, Instant> openedAt = new HashMap<>();
  private int dialing;

  /**
   * How many connections there should be.
   *
   * @param dialled so many are made of its own accord; named peers are dialled beyond it
   * @param low when there are too many, so many stay
   * @param high with more there are too many
   * @param grace how long a new connection is not closed for that
   */
  public record Limits(int dialled, int low, int high, Duration grace) {
    public Limits {
      if (dialled < 0 || low < dialled || high < low) {
        throw new IllegalArgumentException("0 <= dialled <= low <= high");
      }
    }
  }

  /** How far what is said of a peer's address can be believed. */
  public enum Source {
    /** Anybody may have said it. */
    HEARD,
    /** The peer itself said it, and signed it. */
    KNOWN,
    /** The user named it; it is tried whatever else happens. */
    NAMED
  }

  private static final class Target {
    final Set<Multiaddr> addresses = new LinkedHashSet<>();
    Source source = Source.HEARD;
    boolean dialing;
    Duration backoff = BACKOFF_FIRST;
    Instant notBefore = Instant.MIN;
    String trouble = "";
  }

  /**
   * Begins to watch the host's connections.
   *
   * @param value how useful the connection with a peer is; the least useful is closed first
   */
  public ConnectionManager(Host host, Clock clock, Limits limits, ToDoubleFunction<PeerId> value) {
    this.host = host;
    this.clock = clock;
    this.limits = limits;
    this.value = value;
    host.onConnection(this);
  }

  // ---- what is known

  /** Notes where a peer may be; a new address is tried at once. */
  public synchronized void learn(PeerId peer, List<Multiaddr> addresses, Source source) {
    if (peer.equals(host.peerId()) || addresses.isEmpty()) {
      return;
    }
    Target target = targets.get(peer);
    if (target == null) {
      if (targets.size() >= TARGETS_MAX && !makeRoom(source)) {
        return;
      }
      target = new Target();
      targets.put(peer, target);
    }
    if (source.compareTo(target.source) > 0) {
      target.source = source;
    }
    for (Multiaddr address : addresses) {
      Multiaddr plain = address.withoutPeerId();
      boolean fits =
          target.addresses.size() < ADDRESSES_MAX
              || (!target.addresses.contains(plain) && replaceOldest(target, source));
      if (fits && target.addresses.add(plain) && target.backoff.compareTo(REFUSED_BACKOFF) < 0) {
        target.notBefore = Instant.MIN;
      }
    }
  }

  /** Hearsay replaces hearsay only. */
  private boolean makeRoom(Source source) {
    for (Iterator<Target> each = targets.values().iterator(); each.hasNext(); ) {
      Target target = each.next();
      if (target.source == Source.HEARD && source != Source.HEARD && !target.dialing) {
        each.remove();
        return true;
      }
    }
    return false;
  }

  private static boolean replaceOldest(Target target, Source source) {
    if (source == Source.HEARD && target.source != Source.HEARD) {
      return false;
    }
    Iterator<Multiaddr> oldest = target.addresses.iterator();
    oldest.next();
    oldest.remove();
    return true;
  }

  /** The connection with this peer is never closed for being one too many. */
  public synchronized void protect(PeerId peer) {
    protectedPeers.add(peer);
  }

  /** The opposite of {@link #protect}. */
  public synchronized void unprotect(PeerId peer) {
    protectedPeers.remove(peer);
  }

  /** The peer is of no use to this host, or this host to it: no hurry to try again. */
  public synchronized void onRefused(PeerId peer, String cause) {
    Target target = targets.get(peer);
    if (target != null) {
      tell(peer, target, cause);
      target.backoff = REFUSED_BACKOFF;
      target.notBefore = clock.instant().plus(REFUSED_BACKOFF);
    }
  }

  /** A connection with the peer was of no use; it is tried again in its turn. */
  public synchronized void onLost(PeerId peer, String cause) {
    Target target = targets.get(peer);
    if (target != null) {
      tell(peer, target, cause);
    }
  }

  /** Looks for the peer no more, until something is learnt of it again. */
  public synchronized void forget(PeerId peer) {
    targets.remove(peer);
  }

  /** The peer is connected and welcome. */
  public synchronized void onWelcome(Connection connection) {
    Target target = targets.get(connection.remotePeer());
    if (target != null) {
      target.backoff = BACKOFF_FIRST;
      target.notBefore = Instant.MIN;
      target.trouble = "";
      if (connection.initiator() && target.addresses.remove(connection.remoteAddress())) {
        target.addresses.add(connection.remoteAddress()); // What works is the last to go.
      }
    }
  }

  /** Whoever refused this host may not now. */
  public synchronized void forgetRefusals() {
    targets
        .values()
        .forEach(
            target -> {
              target.backoff = BACKOFF_FIRST;
              target.notBefore = Instant.MIN;
            });
  }

  /** What stands in the way of a connection to each peer that is not connected. */
  public synchronized Map<PeerId, String> troubles() {
    Map<PeerId, String> troubles = new HashMap<>();
    targets.forEach(
        (peer, target) -> {
          if (!target.trouble.isEmpty() && host.connection(peer).isEmpty()) {
            troubles.put(peer, target.trouble);
          }
        });
    return troubles;
  }

  // ---- what is done

  /** Dials whoever is due and closes what is too much. To be called about once a second. */
  public void step() {
    due().forEach(this::dial);
    surplus().forEach(Connection::close);
  }

  private synchronized List<PeerId> due() {
    Instant now = clock.instant();
    List<PeerId> due = new ArrayList<>();
    int connected = host.connections().size();
    // Those that were only heard of come last: they may be made up.
    for (Source source : List.of(Source.NAMED, Source.KNOWN, Source.HEARD)) {
      for (Map.Entry<PeerId, Target> each : targets.entrySet()) {
        Target target = each.getValue();
        boolean room = source == Source.NAMED || connected + dialing < limits.dialled();
        if (target.source == source
            && !target.dialing
            && room
            && dialing < DIALS_MAX
            && !now.isBefore(target.notBefore)
            && lacksConnection(each.getKey(), target)) {
          target.dialing = true;
          dialing++;
          due.add(each.getKey());
        }
      }
    }
    return due;
  }

  /** A relayed connection is only good until there is a direct one. */
  private boolean lacksConnection(PeerId peer, Target target) {
    return host.connection(peer)
        .map(
            connection ->
                connection.isRelayed()
                    && target.addresses.stream().anyMatch(address -> !address.isCircuit()))
        .orElse(true);
  }

  private void dial(PeerId peer) {
    List<Multiaddr> addresses;
    synchronized (this) {
      Target target = targets.get(peer);
      // The newest and those that worked first.
      addresses = target == null ? List.of() : new ArrayList<>(target.addresses);
      java.util.Collections.reverse(addresses);
    }
    boolean relayed = host.connection(peer).isPresent();
    (relayed ? host.connectDirectly(peer, addresses) : host.connect(peer, addresses))
        .whenComplete(
            (connection, failure) -> {
              synchronized (this) {
                dialing--;
                Target target = targets.get(peer);
                if (target == null) {
                  return;
                }
                target.dialing = false;
                if (failure != null) {
                  Throwable cause = failure.getCause() == null ? failure : failure.getCause();
                  tell(peer, target, String.valueOf(cause.getMessage()));
                }
                later(target);
              }
            });
  }

  /** A connection that is not welcome, or that ends soon, counts as a failure, too. */
  private void later(Target target) {
    long millis = target.backoff.toMillis();
    long jittered = millis / 2 + ThreadLocalRandom.current().nextLong(millis);
    target.notBefore = clock.instant().plusMillis(jittered);
    Duration doubled = target.backoff.multipliedBy(2);
    target.backoff = doubled.compareTo(BACKOFF_MAX) < 0 ? doubled : BACKOFF_MAX;
  }

  private static void tell(PeerId peer, Target target, String cause) {
    if (target.source == Source.NAMED && !target.trouble.equals(cause)) {
      log.warn("cannot connect to {}: {} (will keep trying)", peer, cause);
    } else {
      log.debug("cannot connect to {}: {}", peer, cause);
    }
    target.trouble = cause;
  }

  /** The least useful connections beyond the low mark, once there are more than the high one. */
  private List<Connection> surplus() {
    List<Connection> all = host.connections();
    if (all.size() <= limits.high()) {
      return List.of();
    }
    Map<Connection, Double> candidates = new HashMap<>();
    synchronized (this) {
      Instant young = clock.instant().minus(limits.grace());
      for (Connection connection : all) {
        PeerId peer = connection.remotePeer();
        Target target = targets.get(peer);
        boolean named = target != null && target.source == Source.NAMED;
        Instant opened = openedAt.getOrDefault(connection, Instant.MIN);
        if (!named && !protectedPeers.contains(peer) && !opened.isAfter(young)) {
          candidates.put(connection, value.applyAsDouble(peer));
        }
      }
    }
    List<Connection> order = new ArrayList<>(candidates.keySet());
    order.sort(Comparator.comparingDouble(candidates::get));
    int toClose = Math.min(order.size(), all.size() - limits.low());
    log.debug("{} connections: closing {}", all.size(), toClose);
    return order.subList(0, toClose);
  }

  @Override
  public synchronized void onOpened(Connection connection) {
    openedAt.put(connection, clock.instant());
  }

  @Override
  public synchronized void onClosed(Connection connection) {
    openedAt.remove(connection);
  }
}
