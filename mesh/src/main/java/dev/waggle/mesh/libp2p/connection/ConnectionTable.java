package dev.waggle.mesh.libp2p.connection;

import dev.waggle.crypto.PeerId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The open connections, one for each peer. Thread-safe.
 *
 * <p>When two peers dial each other at once, both keep the connection that the smaller peer id
 * dialled, so they agree without a word. A second connection in the same direction replaces the
 * first: its peer lost that one, whatever it looks like here. A direct connection is always better
 * than one through a relay.
 */
final class ConnectionTable {
  private final PeerId self;
  private final int max;
  private final Map<PeerId, HostConnection> connections = new HashMap<>();

  ConnectionTable(PeerId self, int max) {
    this.self = self;
    this.max = max;
  }

  /** What became of a new connection: whether it is kept, and which one is to be closed. */
  record Verdict(boolean kept, Optional<HostConnection> toClose) {}

  synchronized Verdict add(HostConnection fresh) {
    HostConnection old = connections.get(fresh.remotePeer());
    if (old == null || old.isClosed()) {
      if (connections.size() >= max) {
        return new Verdict(false, Optional.of(fresh));
      }
      connections.put(fresh.remotePeer(), fresh);
      return new Verdict(true, Optional.empty());
    }
    boolean equal = old.isRelayed() == fresh.isRelayed();
    boolean worse = fresh.isRelayed() && !old.isRelayed();
    if (worse || (equal && old.initiator() != fresh.initiator() && !rightful(fresh))) {
      return new Verdict(false, Optional.of(fresh));
    }
    connections.put(fresh.remotePeer(), fresh);
    return new Verdict(true, Optional.of(old));
  }

  private boolean rightful(HostConnection connection) {
    boolean selfIsSmaller = self.compareTo(connection.remotePeer()) < 0;
    return connection.initiator() == selfIsSmaller;
  }

  synchronized void remove(HostConnection connection) {
    connections.remove(connection.remotePeer(), connection);
  }

  synchronized Optional<HostConnection> find(PeerId peer) {
    // One that has just ended may not have been removed yet.
    return Optional.ofNullable(connections.get(peer)).filter(each -> !each.isClosed());
  }

  synchronized List<HostConnection> all() {
    return List.copyOf(connections.values());
  }
}
