package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps trying to connect to every peer that it was told of, less and less often while a peer does
 * not answer. Thread-safe; nothing blocks.
 */
final class Dialer {
  /** The most peers that it knows of; later ones are not noted. */
  static final int TARGETS_MAX = 1_024;

  /** The most addresses it keeps of one peer. */
  static final int ADDRESSES_MAX = 16;

  /** The most connections that it makes of its own accord; named peers are dialled beyond it. */
  static final int CONNECTIONS_MAX = 64;

  /** The most dials under way. */
  static final int DIALS_MAX = 8;

  static final Duration BACKOFF_FIRST = Duration.ofSeconds(1);
  static final Duration BACKOFF_MAX = Duration.ofMinutes(1);
  static final Duration REFUSED_BACKOFF = Duration.ofMinutes(5);

  private static final Logger log = LoggerFactory.getLogger(Dialer.class);

  private final Host host;
  private final Clock clock;
  private final Map<PeerId, Target> targets = new HashMap<>();
  private int dialing;

  private static final class Target {
    final Set<Multiaddr> addresses = new LinkedHashSet<>();
    boolean named;
    boolean dialing;
    Duration backoff = BACKOFF_FIRST;
    Instant notBefore = Instant.MIN;
    String trouble = "";
  }

  Dialer(Host host, Clock clock) {
    this.host = host;
    this.clock = clock;
  }

  /** Notes a peer that the user named; it is tried whatever else happens. */
  synchronized void name(PeerId peer, List<Multiaddr> addresses) {
    learn(peer, addresses);
    Target target = targets.get(peer);
    if (target != null) {
      target.named = true;
    }
  }

  /** Notes where a peer may be; a new address is tried at once. */
  synchronized void learn(PeerId peer, List<Multiaddr> addresses) {
    if (peer.equals(host.peerId()) || addresses.isEmpty()) {
      return;
    }
    Target target = targets.get(peer);
    if (target == null) {
      if (targets.size() >= TARGETS_MAX) {
        return;
      }
      target = new Target();
      targets.put(peer, target);
    }
    for (Multiaddr address : addresses) {
      Multiaddr plain = address.withoutPeerId();
      if (target.addresses.size() < ADDRESSES_MAX
          && target.addresses.add(plain)
          && target.backoff.compareTo(REFUSED_BACKOFF) < 0) {
        target.notBefore = Instant.MIN;
      }
    }
  }

  /** The peer's certificate, or this node's in its eyes, is of no use: no hurry to try again. */
  synchronized void onRefused(PeerId peer, String cause) {
    Target target = targets.get(peer);
    if (target != null) {
      tell(peer, target, cause);
      target.backoff = REFUSED_BACKOFF;
      target.notBefore = clock.instant().plus(REFUSED_BACKOFF);
    }
  }

  /** The peer is connected and admitted. */
  synchronized void onAdmitted(PeerId peer) {
    Target target = targets.get(peer);
    if (target != null) {
      target.backoff = BACKOFF_FIRST;
      target.notBefore = Instant.MIN;
      target.trouble = "";
    }
  }

  /** This node belongs to another swarm: whoever refused it may not now. */
  synchronized void forgetRefusals() {
    targets
        .values()
        .forEach(
            target -> {
              target.backoff = BACKOFF_FIRST;
              target.notBefore = Instant.MIN;
            });
  }

  /** What stands in the way of a connection to each peer that is not connected. */
  synchronized Map<PeerId, String> troubles() {
    Map<PeerId, String> troubles = new HashMap<>();
    targets.forEach(
        (peer, target) -> {
          if (!target.trouble.isEmpty() && host.connection(peer).isEmpty()) {
            troubles.put(peer, target.trouble);
          }
        });
    return troubles;
  }

  /** Dials whoever is due. Called about once a second. */
  void step() {
    Instant now = clock.instant();
    List<PeerId> due = new ArrayList<>();
    synchronized (this) {
      int connected = host.connections().size();
      for (Map.Entry<PeerId, Target> each : targets.entrySet()) {
        Target target = each.getValue();
        boolean room = target.named || connected + dialing < CONNECTIONS_MAX;
        if (!target.dialing
            && room
            && dialing < DIALS_MAX
            && !now.isBefore(target.notBefore)
            && host.connection(each.getKey()).isEmpty()) {
          target.dialing = true;
          dialing++;
          due.add(each.getKey());
        }
      }
    }
    due.forEach(this::dial);
  }

  private void dial(PeerId peer) {
    List<Multiaddr> addresses;
    synchronized (this) {
      Target target = targets.get(peer);
      addresses = target == null ? List.of() : List.copyOf(target.addresses);
    }
    host.connect(peer, addresses)
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

  /** A connection that is not admitted, or that ends soon, counts as a failure, too. */
  private void later(Target target) {
    long millis = target.backoff.toMillis();
    long jittered = millis / 2 + ThreadLocalRandom.current().nextLong(millis);
    target.notBefore = clock.instant().plusMillis(jittered);
    Duration doubled = target.backoff.multipliedBy(2);
    target.backoff = doubled.compareTo(BACKOFF_MAX) < 0 ? doubled : BACKOFF_MAX;
  }

  private static void tell(PeerId peer, Target target, String cause) {
    if (target.named && !target.trouble.equals(cause)) {
      log.warn("cannot connect to {}: {} (will keep trying)", peer, cause);
    } else {
      log.debug("cannot connect to {}: {}", peer, cause);
    }
    target.trouble = cause;
  }
}
