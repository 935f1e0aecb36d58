package dev.waggle.mesh.swarm.capability;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.RecentMap;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.membership.ClockSkew;
import dev.waggle.mesh.swarm.membership.Membership;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The peers as adverts and connections show them. A peer is forgotten when it is not connected and
 * its last advert has expired. Thread-safe; holds at most {@link Membership#MEMBERS_MAX}.
 */
final class PeerTable implements PeerView {
  private static final Duration MEMORY = Advert.TIME_TO_LIVE_MAX.plus(ClockSkew.MAX);

  private final Clock clock;
  private final Map<PeerId, Entry> entries = new HashMap<>();

  /** What those that left said last; the oldest makes room. */
  private final Map<PeerId, Departed> departed = new RecentMap<>(Membership.MEMBERS_MAX);

  /** An old advert must not bring a member back: as long as it could count, that is remembered. */
  private record Departed(long sequence, Instant until) {}

  private static final class Entry {
    String name = "";
    boolean connected;
    @Nullable Multiaddr route;
    long sequence;
    @Nullable Advert advert;
    Instant expiry = Instant.MIN;
    Instant lastSeen = Instant.MIN;
    @Nullable Duration roundTrip;
  }

  PeerTable(Clock clock) {
    this.clock = clock;
  }

  /** A member is connected. */
  synchronized void onConnected(PeerId peer, String name, Multiaddr route) {
    Entry entry = entry(peer);
    if (entry != null) {
      entry.connected = true;
      entry.route = route;
      entry.name = name;
      entry.lastSeen = clock.instant();
    }
  }

  /** The connection to a member ended: what it last said of its load counts no more. */
  synchronized void onDisconnected(PeerId peer) {
    Entry entry = entries.get(peer);
    if (entry != null) {
      entry.connected = false;
      entry.route = null;
      entry.roundTrip = null;
      forgetExpired();
    }
  }

  /** A round trip was measured. */
  synchronized void onRoundTrip(PeerId peer, Duration roundTrip) {
    Entry entry = entries.get(peer);
    if (entry != null && entry.connected) {
      entry.roundTrip = roundTrip;
      entry.lastSeen = clock.instant();
    }
  }

  /** Whether the advert is newer than what is known of its member. */
  synchronized boolean isNews(PeerId peer, Advert advert) {
    Entry entry = entries.get(peer);
    long last = entry == null ? lastOfDeparted(peer) : entry.sequence;
    return advert.sequence() > last;
  }

  /** A verified advert; an old one changes nothing. */
  synchronized void onAdvert(PeerId peer, Advert advert) {
    Entry entry = entry(peer);
    if (entry == null || advert.sequence() <= entry.sequence) {
      return;
    }
    Instant now = clock.instant();
    entry.sequence = advert.sequence();
    entry.advert = advert;
    entry.name = advert.chain().leaf().name();
    entry.expiry = now.plus(advert.timeToLive());
    entry.lastSeen = now;
  }

  private long lastOfDeparted(PeerId peer) {
    Departed last = departed.get(peer);
    return last != null && last.until.isAfter(clock.instant()) ? last.sequence : 0;
  }

  /** A member is gone; what it said counts no more. */
  synchronized void onGone(PeerId peer) {
    Entry entry = entries.get(peer);
    if (entry != null) {
      entry.connected = false;
      entry.expiry = Instant.MIN;
      forgetExpired();
    }
  }

  /** Forgets everybody, as a node does that enters another swarm. */
  synchronized void clear() {
    entries.clear();
    departed.clear();
  }

  @Override
  public synchronized List<Peer> peers() {
    forgetExpired();
    List<Peer> peers = new ArrayList<>();
    entries.forEach((id, entry) -> peers.add(peer(id, entry)));
    return peers;
  }

  @Override
  public synchronized Optional<Peer> peer(PeerId id) {
    forgetExpired();
    return Optional.ofNullable(entries.get(id)).map(entry -> peer(id, entry));
  }

  private Peer peer(PeerId id, Entry entry) {
    Advert advert = entry.advert;
    boolean current = advert != null && entry.expiry.isAfter(clock.instant());
    List<Multiaddr> addresses = advert == null ? List.of() : advert.addresses();
    return new Peer(
        id,
        entry.name,
        addresses,
        entry.connected,
        entry.connected ? Optional.ofNullable(entry.route) : Optional.empty(),
        Optional.ofNullable(entry.roundTrip),
        current && advert != null ? Optional.of(advert.capability()) : Optional.empty(),
        entry.lastSeen);
  }

  private @Nullable Entry entry(PeerId peer) {
    Entry entry = entries.get(peer);
    if (entry == null) {
      forgetExpired();
      if (entries.size() >= Membership.MEMBERS_MAX) {
        return null;
      }
      entry = new Entry();
      entry.sequence = lastOfDeparted(peer);
      entries.put(peer, entry);
    }
    return entry;
  }

  private void forgetExpired() {
    Instant now = clock.instant();
    entries
        .entrySet()
        .removeIf(
            each -> {
              Entry entry = each.getValue();
              boolean forget = !entry.connected && !entry.expiry.isAfter(now);
              if (forget) {
                departed.put(each.getKey(), new Departed(entry.sequence, now.plus(MEMORY)));
              }
              return forget;
            });
  }
}
