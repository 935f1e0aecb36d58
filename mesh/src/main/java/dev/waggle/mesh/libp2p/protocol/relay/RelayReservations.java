package dev.waggle.mesh.libp2p.protocol.relay;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.ConnectionListener;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this host reachable through a few relays: reserves, renews in time, and forgets a relay
 * whose connection ends. Thread-safe; nothing blocks.
 */
public final class RelayReservations implements ConnectionListener {
  /** At so many relays at once. */
  public static final int RELAYS_MAX = 2;

  private static final Logger log = LoggerFactory.getLogger(RelayReservations.class);
  private static final double RENEWAL_PART = 0.75;
  private static final Duration RENEWAL_MIN = Duration.ofSeconds(1);
  private static final Duration REFUSED_BACKOFF = Duration.ofMinutes(1);

  private final Host host;
  private final RelayClient client;
  private final Clock clock;
  private final Runnable onChanged;
  private final Map<PeerId, Held> held = new HashMap<>();
  private final Map<PeerId, Instant> refusing = new HashMap<>();

  private static final class Held {
    final Connection connection;
    List<Multiaddr> addresses = List.of();
    @Nullable ScheduledFuture<?> renewal;

    Held(Connection connection) {
      this.connection = connection;
    }
  }

  /**
   * @param onChanged called when {@link #addresses()} are others; must not block
   */
  public RelayReservations(Host host, RelayClient client, Clock clock, Runnable onChanged) {
    this.host = host;
    this.client = client;
    this.clock = clock;
    this.onChanged = onChanged;
    host.onConnection(this);
  }

  /** Where others reach this host through its relays, without its peer id. */
  public synchronized List<Multiaddr> addresses() {
    return held.values().stream().flatMap(each -> each.addresses.stream()).toList();
  }

  /** A connection to a peer that may serve as relay; taken when there are too few. */
  public void offer(Connection relay) {
    synchronized (this) {
      if (relay.isRelayed() || held.size() >= RELAYS_MAX || held.containsKey(relay.remotePeer())) {
        return;
      }
      held.put(relay.remotePeer(), new Held(relay));
    }
    reserve(relay);
  }

  private void reserve(Connection relay) {
    client
        .reserve(relay)
        .whenComplete(
            (reservation, failure) -> {
              if (failure != null) {
                log.debug("no reservation at {}: {}", relay, failure.getMessage());
                refused(relay.remotePeer());
                forget(relay);
              } else {
                onReserved(relay, reservation);
              }
            });
  }

  private synchronized void refused(PeerId relay) {
    Instant now = clock.instant();
    refusing.values().removeIf(until -> !until.isAfter(now));
    refusing.put(relay, now.plus(REFUSED_BACKOFF));
  }

  private void onReserved(Connection relay, RelayClient.Reservation reservation) {
    boolean changed;
    synchronized (this) {
      Held each = held.get(relay.remotePeer());
      if (each == null || each.connection != relay) {
        return;
      }
      changed = !each.addresses.equals(reservation.addresses());
      each.addresses = reservation.addresses();
      Duration left = Duration.between(clock.instant(), reservation.expiry());
      long millis = (long) (left.toMillis() * RENEWAL_PART);
      each.renewal =
          host.scheduler()
              .schedule(
                  () -> reserve(relay),
                  Math.max(RENEWAL_MIN.toMillis(), millis),
                  TimeUnit.MILLISECONDS);
    }
    if (changed) {
      log.info("others can reach this node through {}", relay);
      onChanged.run();
    }
  }

  private void forget(Connection relay) {
    boolean changed;
    synchronized (this) {
      Held each = held.get(relay.remotePeer());
      if (each == null || each.connection != relay) {
        return;
      }
      held.remove(relay.remotePeer());
      changed = !each.addresses.isEmpty();
      if (each.renewal != null) {
        each.renewal.cancel(false);
      }
    }
    client.forget(relay.remotePeer());
    if (changed) {
      onChanged.run();
    }
  }

  @Override
  public void onOpened(Connection connection) {
    // Its owner offers it when it is fit.
  }

  @Override
  public void onClosed(Connection connection) {
    forget(connection);
  }
}
