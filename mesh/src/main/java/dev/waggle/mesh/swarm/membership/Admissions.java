package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.ConnectionListener;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.ProtocolGate;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.swarm.request.Requests;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands at the door: nobody gets past hello and join until its certificate was verified, and who
 * is not let in within {@link #ADMISSION_MAX} is shown out. Thread-safe.
 */
public final class Admissions implements ProtocolGate, ConnectionListener, ConnectedMembers {
  /** How long a peer may take to be admitted. */
  static final Duration ADMISSION_MAX = Duration.ofSeconds(15);

  /** The most connections that wait for admission at once. */
  static final int STRANGERS_MAX = 64;

  private static final Logger log = LoggerFactory.getLogger(Admissions.class);
  // How long a refused peer may keep the connection to read why.
  private static final Duration REFUSED_LINGER = Duration.ofMillis(500);

  /** An admitted peer: what it showed. */
  private record Guest(CertificateChain chain, byte[] bootId) {}

  /** Hears who comes and goes. Called on the connection's event loop; must not block. */
  public interface Listener {
    /** A member is connected and admitted. */
    void onAdmitted(Connection connection, CertificateChain chain);

    /** An admitted connection ended. */
    void onLeft(Connection connection);

    /** A connection that this node made is of no use; the cause is fit for people. */
    void onRefused(PeerId peer, String cause);

    /** A connection that this node made broke before it was admitted, and no other is there. */
    void onLost(PeerId peer, String cause);

    /** A peer told this node a revocation that it did not know, from one who may. */
    void onRevocation(Revocation revocation);
  }

  private final Host host;
  private final Membership membership;
  private final Requests requests;
  private final ScheduledExecutorService timer;
  private final Executor blocking;
  private final Listener listener;
  private final HelloProtocol hello;
  private final Map<Connection, Guest> admitted = new ConcurrentHashMap<>();
  private final Set<Connection> strangers = ConcurrentHashMap.newKeySet();
  private final Joining joining;
  private final Renewal renewal;

  /**
   * Takes its place at the host's door.
   *
   * @param blocking runs what waits for the disk
   */
  public Admissions(
      Host host,
      Membership membership,
      Requests requests,
      Clock clock,
      String software,
      ScheduledExecutorService timer,
      Executor blocking,
      Listener listener) {
    this.host = host;
    this.membership = membership;
    this.timer = timer;
    this.blocking = blocking;
    this.listener = listener;
    this.requests = requests;
    this.hello = new HelloProtocol(membership, clock, requests.bootId(), software, new Outcome());
    this.joining = new Joining(host, membership, hello, clock, blocking, this::dismiss);
    this.renewal = new Renewal(host.peerId(), membership, requests, blocking, this::admins);
    host.gate(this);
    host.handle(HelloProtocol.PROTOCOL, hello::answer);
    host.handle(JoinProtocol.PROTOCOL, stream -> new JoinProtocol.Issuer(membership, blocking));
    host.handle(RenewProtocol.PROTOCOL, this::renewing);
    host.handle(
        RevocationProtocol.PROTOCOL,
        stream -> new RevocationProtocol.Hearer(blocking, revocation -> hear(List.of(revocation))));
    host.onConnection(this);
  }

  private StreamReader renewing(Stream stream) {
    Guest guest = admitted.get(stream.connection());
    if (guest == null) {
      throw new IllegalStateException("the gate lets members only get here");
    }
    return new RenewProtocol.Issuer(membership, requests, guest.chain(), blocking);
  }

  @Override
  public boolean allows(Connection connection, String protocol) {
    return protocol.equals(HelloProtocol.PROTOCOL)
        || protocol.equals(JoinProtocol.PROTOCOL)
        || admitted.containsKey(connection);
  }

  /** The admitted connections. */
  public List<Connection> connections() {
    return List.copyOf(admitted.keySet());
  }

  @Override
  public Optional<Certificate> certificate(PeerId peer) {
    return connection(peer)
        .flatMap(connection -> Optional.ofNullable(admitted.get(connection)))
        .map(guest -> membership.latest(guest.chain()).leaf());
  }

  @Override
  public Optional<byte[]> bootId(PeerId peer) {
    return connection(peer)
        .flatMap(connection -> Optional.ofNullable(admitted.get(connection)))
        .map(Guest::bootId);
  }

  /** Tells every connected member; completes when all have taken it or two seconds are over. */
  public CompletableFuture<Void> tell(Revocation revocation) {
    return CompletableFuture.allOf(
        admitted.keySet().stream()
            .map(
                connection ->
                    RevocationProtocol.tell(connection, revocation).exceptionally(late -> null))
            .toArray(CompletableFuture<?>[]::new));
  }

  /** Shows out everybody whose certificate does not hold any more. */
  public void recheck() {
    admitted.forEach(
        (connection, guest) -> {
          CertificateChain chain = guest.chain();
          try {
            membership.verify(chain, connection.remotePeer());
          } catch (MembershipException e) {
            log.info("no longer connected with \"{}\": {}", chain.leaf().name(), e.getMessage());
            listener.onRefused(connection.remotePeer(), e.getMessage());
            connection.close();
          }
        });
  }

  private Deque<Renewal.Admin> admins() {
    Deque<Renewal.Admin> admins = new ArrayDeque<>();
    admitted.forEach(
        (connection, guest) -> {
          if (guest.chain().leaf().roles().contains(Role.ADMIN)) {
            admins.add(new Renewal.Admin(connection, guest.bootId()));
          }
        });
    return admins;
  }

  /** Asks for a newer certificate, if it is time. To be called now and then. */
  public void renew() {
    renewal.step();
  }

  /**
   * Redeems an invite and enters its swarm; completes when this node is a member and its issuer has
   * admitted it.
   *
   * <p>Fails with a {@link MembershipException} that names the cause and the remedy.
   *
   * @param onEntered called when this node belongs to the other swarm, before anybody is admitted
   */
  public CompletableFuture<Void> join(Invite invite, String name, Runnable onEntered) {
    return joining.join(invite, name, onEntered);
  }

  @Override
  public Optional<Connection> connection(PeerId peer) {
    return host.connection(peer).filter(admitted::containsKey);
  }

  @Override
  public void onOpened(Connection connection) {
    strangers.add(connection);
    if (strangers.size() > STRANGERS_MAX && !connection.initiator()) {
      connection.close();
      return;
    }
    timer.schedule(
        () -> {
          if (!admitted.containsKey(connection)) {
            connection.close();
          }
        },
        ADMISSION_MAX.toMillis(),
        TimeUnit.MILLISECONDS);
    if (connection.initiator() && !joining.isAt(connection.remotePeer())) {
      hello.greet(connection);
    }
  }

  @Override
  public void onClosed(Connection connection) {
    strangers.remove(connection);
    if (admitted.remove(connection) != null) {
      listener.onLeft(connection);
    }
  }

  /** Ends every admitted connection: this node is in another swarm now. */
  public void dismiss() {
    admitted.keySet().forEach(Connection::close);
    admitted.clear();
  }

  private void hear(List<Revocation> revocations) {
    learn(revocations).forEach(listener::onRevocation);
  }

  /**
   * Takes revocations, and shows out whom they concern; blocks.
   *
   * @return those that were news
   */
  public List<Revocation> learn(List<Revocation> revocations) {
    List<Revocation> news = new ArrayList<>();
    for (Revocation revocation : revocations) {
      try {
        if (membership.learn(revocation)) {
          log.info("{} {}", revocation.subject(), revocation.sentence());
          news.add(revocation);
        }
      } catch (MembershipException e) {
        log.debug("a revocation was left out: {}", e.getMessage());
      }
    }
    recheck();
    return news;
  }

  private final class Outcome implements HelloProtocol.Outcome {
    @Override
    public void onVerified(Connection connection, CertificateChain chain, byte[] bootId) {
      strangers.remove(connection);
      if (!connection.closed().isDone()) {
        admitted.put(connection, new Guest(chain, bootId));
      }
    }

    @Override
    public void onAdmitted(Connection connection, CertificateChain chain, String software) {
      if (!admitted.containsKey(connection)) {
        return;
      }
      log.info("connected with \"{}\" ({}, {})", chain.leaf().name(), connection, software);
      blocking.execute(() -> membership.remember(chain, List.of()));
      listener.onAdmitted(connection, chain);
      joining.onAdmitted(chain);
    }

    @Override
    public void onRefused(Connection connection, String cause) {
      if (admitted.containsKey(connection)) {
        return;
      }
      listener.onRefused(connection.remotePeer(), cause);
      timer.schedule(
          () -> {
            if (!joining.isAt(connection.remotePeer())) {
              connection.close();
            }
          },
          REFUSED_LINGER.toMillis(),
          TimeUnit.MILLISECONDS);
    }

    @Override
    public void onLost(Connection connection, String cause) {
      if (connection(connection.remotePeer()).isEmpty()) {
        listener.onLost(connection.remotePeer(), cause);
      }
      connection.close();
    }

    @Override
    public void onShown(Connection connection, Revocation revocation) {
      PeerId about = revocation.subject();
      if (about.equals(host.peerId()) || about.equals(connection.remotePeer())) {
        blocking.execute(() -> hear(List.of(revocation)));
      }
    }

    @Override
    public void onRoster(List<CertificateChain> members, List<Revocation> revocations) {
      blocking.execute(
          () -> {
            hear(revocations);
            for (CertificateChain chain : members) {
              try {
                membership.verify(chain, chain.leaf().subject());
                membership.take(chain);
              } catch (MembershipException e) {
                log.debug("a member of a roster was left out: {}", e.getMessage());
              }
            }
          });
    }
  }
}
