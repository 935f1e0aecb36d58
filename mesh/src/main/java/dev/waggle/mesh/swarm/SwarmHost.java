package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.connection.ConnectionManager;
import dev.waggle.mesh.libp2p.connection.ConnectionManager.Source;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.gossipsub.GossipParameters;
import dev.waggle.mesh.libp2p.protocol.gossipsub.GossipSub;
import dev.waggle.mesh.libp2p.protocol.gossipsub.SignedRecords;
import dev.waggle.mesh.libp2p.protocol.identify.Identify;
import dev.waggle.mesh.libp2p.protocol.mdns.MdnsDiscovery;
import dev.waggle.mesh.libp2p.protocol.ping.Ping;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipStore;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The libp2p host of a node in a swarm: finds members and is found by them, keeps connections with
 * them, through relays where need be, and gossips. Thread-safe. Nothing blocks but {@link #listen}
 * and {@link #close}.
 */
final class SwarmHost implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SwarmHost.class);
  private static final ConnectionManager.Limits LIMITS =
      new ConnectionManager.Limits(64, 160, 192, Duration.ofSeconds(20));
  private static final int GOSSIP_STREAMS = 2;
  private static final Duration GOOD_BYE = Duration.ofMillis(100);

  private final Libp2pHost host;
  private final SwarmParts parts;
  private final Membership membership;
  private final ConnectionManager connections;
  private final Identify identify;
  private final Reachability reachability;
  private final SignedRecords records;
  private final GossipSub pubSub;
  private @Nullable MdnsDiscovery mdns;

  /**
   * Serves what is plain libp2p on a host that does not listen yet.
   *
   * @param onReachedOtherwise called when {@link #addresses} are others; must not block
   */
  SwarmHost(Libp2pHost host, SwarmParts parts, Runnable onReachedOtherwise) {
    this.host = host;
    this.parts = parts;
    this.membership = parts.membership();
    this.records = new SignedRecords((peer, addresses) -> learn(peer, addresses, Source.KNOWN));
    this.pubSub =
        GossipSub.serve(
            host,
            parts.identity(),
            GossipParameters.DEFAULT.with(/* flood= */ true, /* exchange= */ true),
            Set.of(),
            records);
    this.connections = new ConnectionManager(host, parts.clock(), LIMITS, this::usefulness);
    Ping.serve(host);
    this.reachability =
        new Reachability(
            host,
            parts.identity(),
            parts.clock(),
            () -> {
              onReachedOtherwise.run();
              pushIdentity();
            });
    this.identify =
        Identify.serve(host, parts.identity(), parts.software(), reachability::addresses);
    identify.onPush((connection, info) -> records.onIdentified(connection.remotePeer(), info));
  }

  /**
   * Begins to listen and to look for the others.
   *
   * @throws IOException naming the address that cannot be listened on, and why
   */
  void listen(SwarmSettings settings) throws IOException {
    host.listen();
    for (Multiaddr peer : settings.peers()) {
      connections.learn(peer.peerId().orElseThrow(), List.of(peer), Source.NAMED);
    }
    for (MembershipStore.Member member : membership.others()) {
      connections.learn(member.chain().leaf().subject(), member.addresses(), Source.KNOWN);
    }
    if (settings.mdns()) {
      parts.blocking().execute(this::startMdns);
    }
  }

  private void startMdns() {
    MdnsDiscovery started =
        MdnsDiscovery.start(host, (peer, addresses) -> learn(peer, addresses, Source.HEARD));
    synchronized (this) {
      mdns = started;
    }
  }

  /** Where messages to all members are published. */
  GossipSub pubSub() {
    return pubSub;
  }

  /** Where others reach this node, through relays too. */
  List<Multiaddr> addresses() {
    return reachability.addresses();
  }

  /** Why peers that should be connected are not. */
  Map<PeerId, String> troubles() {
    return connections.troubles();
  }

  /** Where a member is. */
  void learn(PeerId peer, List<Multiaddr> addresses) {
    learn(peer, addresses, Source.KNOWN);
  }

  private void learn(PeerId peer, List<Multiaddr> addresses, Source source) {
    if (!membership.isOut(peer)) {
      connections.learn(peer, addresses, source);
    }
  }

  /** Looks for a peer no longer. */
  void forget(PeerId peer) {
    connections.forget(peer);
  }

  /** This node is somebody else now: who refused it may not any more. */
  void forgetRefusals() {
    connections.forgetRefusals();
  }

  /** A member was let in: it is asked who it is, and hears gossip. */
  void onAdmitted(Connection connection) {
    connections.onWelcome(connection);
    Identify.ask(connection)
        .thenAccept(
            info -> {
              records.onIdentified(connection.remotePeer(), info);
              reachability.onIdentified(connection, info);
            });
    pubSub.admit(connection);
  }

  /** A peer was not let in, or does not let this node in. */
  void onRefused(PeerId peer, String cause) {
    connections.onRefused(peer, cause);
  }

  /** A connection that was dialled broke before the peer had let this node in. */
  void onLost(PeerId peer, String cause) {
    connections.onLost(peer, cause);
  }

  /** Dials who is missing. To be called about once a second. */
  void step() {
    connections.step();
    reachability.step();
  }

  /** Who works with this node is worth most, then who carries gossip. */
  private double usefulness(PeerId peer) {
    int streams = host.connection(peer).map(Connection::streams).orElse(0);
    return Math.max(0, streams - GOSSIP_STREAMS) + (pubSub.isLinked(peer) ? 0.5 : 0);
  }

  private void pushIdentity() {
    identify.push();
  }

  /** Gives what was said a moment to go out, and closes every connection. */
  @Override
  public void close() {
    MdnsDiscovery found;
    synchronized (this) {
      found = mdns;
    }
    if (found != null) {
      found.close();
    }
    awaitSending();
    pubSub.close();
    host.close();
  }

  /** What was said is on its way in the event loops. */
  private void awaitSending() {
    try {
      parts.timer().schedule(() -> {}, GOOD_BYE.toMillis(), TimeUnit.MILLISECONDS).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | RejectedExecutionException e) {
      log.debug("no time for a good-bye");
    }
  }
}
