package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.ConnectionListener;
import dev.waggle.mesh.libp2p.DialException;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.ProtocolGate;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.request.Requests;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands at the door: nobody gets past hello and join until its certificate was verified, and who
 * is not let in within {@link #ADMISSION_MAX} is shown out. Thread-safe.
 */
public final class Admissions implements ProtocolGate, ConnectionListener {
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

    /** A member's word was taken that this node did not know, from one who may. */
    void onRevocation(Revocation revocation);
  }

  private final Host host;
  private final Membership membership;
  private final Requests requests;
  private final Clock clock;
  private final ScheduledExecutorService timer;
  private final Executor blocking;
  private final Listener listener;
  private final HelloProtocol hello;
  private final Map<Connection, Guest> admitted = new ConcurrentHashMap<>();
  private final Set<Connection> strangers = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean renewing = new AtomicBoolean();
  private final Set<PeerId> joining = ConcurrentHashMap.newKeySet();
  private final Map<PeerId, CompletableFuture<Void>> awaited = new HashMap<>();

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
    this.clock = clock;
    this.timer = timer;
    this.blocking = blocking;
    this.listener = listener;
    this.requests = requests;
    this.hello = new HelloProtocol(membership, clock, requests.bootId(), software, new Outcome());
    host.gate(this);
    host.handle(HelloProtocol.PROTOCOL, hello::answer);
    host.handle(JoinProtocol.PROTOCOL, stream -> new JoinProtocol.Issuer(membership, blocking));
    host.handle(RenewProtocol.PROTOCOL, this::renewing);
    host.handle(
        RevocationProtocol.PROTOCOL,
        stream ->
            new RevocationProtocol.Hearer(blocking, revocation -> learn(List.of(revocation))));
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

  /** What a connected member may do, by the certificate that it showed. */
  public Set<Role> roles(PeerId peer) {
    return connection(peer)
        .flatMap(connection -> Optional.ofNullable(admitted.get(connection)))
        .map(guest -> guest.chain().leaf().roles())
        .orElse(Set.of());
  }

  /** What requests to a connected member have to be bound to. */
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

  /** Asks an admin for a newer certificate, if it is time. To be called now and then. */
  public void renew() {
    if (!membership.wantsRenewal() || renewing.getAndSet(true)) {
      return;
    }
    blocking.execute(
        () -> {
          membership.renewOwn();
          if (!membership.wantsRenewal()) {
            renewing.set(false);
            return;
          }
          askAdmins(admins())
              .whenComplete(
                  (done, failure) -> {
                    if (failure != null) {
                      log.debug("no renewal yet: {}", unwrapped(failure).getMessage());
                    }
                    renewing.set(false);
                  });
        });
  }

  private Deque<Connection> admins() {
    Deque<Connection> admins = new ArrayDeque<>();
    admitted.forEach(
        (connection, guest) -> {
          if (guest.chain().leaf().roles().contains(Role.ADMIN)) {
            admins.add(connection);
          }
        });
    return admins;
  }

  private CompletableFuture<Void> askAdmins(Deque<Connection> admins) {
    Connection next = admins.poll();
    if (next == null) {
      return CompletableFuture.failedFuture(
          new MembershipException("no admin that is connected renews certificates"));
    }
    byte[] bootId = bootId(next.remotePeer()).orElseGet(() -> new byte[0]);
    return RenewProtocol.ask(next, requests, bootId)
        .thenAcceptAsync(this::takeRenewal, blocking)
        .exceptionallyCompose(failure -> askAdmins(admins));
  }

  private void takeRenewal(CertificateChain newer) {
    try {
      membership.verify(newer, host.peerId());
    } catch (MembershipException e) {
      throw new CompletionException(e);
    }
    if (newer.notAfter().isAfter(membership.own().notAfter())
        && newer.leaf().roles().equals(membership.own().leaf().roles())) {
      membership.takeRenewal(newer);
      log.info("the certificate is good until {} now", newer.notAfter());
    }
  }

  /** The admitted connection to a peer. */
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
    if (connection.initiator() && !joining.contains(connection.remotePeer())) {
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

  /**
   * Redeems an invite and enters its swarm; completes when this node is a member and its issuer has
   * admitted it.
   *
   * <p>Fails with a {@link MembershipException} that names the cause and the remedy.
   *
   * @param onEntered called when this node belongs to the other swarm, before anybody is admitted
   */
  public CompletableFuture<Void> join(Invite invite, String name, Runnable onEntered) {
    PeerId issuer = invite.issuer();
    if (issuer.equals(host.peerId())) {
      return CompletableFuture.failedFuture(
          new MembershipException("this node made the invite itself (redeem it on another one)"));
    }
    if (!invite.bound().map(host.peerId()::equals).orElse(true)) {
      return CompletableFuture.failedFuture(
          new MembershipException(
              "the invite is for " + invite.bound().get() + ", and this node is " + host.peerId()));
    }
    if (!joining.add(issuer)) {
      return CompletableFuture.failedFuture(
          new MembershipException("this node is joining that swarm already"));
    }
    return CompletableFuture.runAsync(() -> requireJoinable(invite), blocking)
        .thenCompose(checked -> redeem(invite, name, onEntered))
        .exceptionallyCompose(
            failure ->
                // A connection on which hello was refused a moment ago may just be closing.
                unwrapped(failure) instanceof IOException
                    ? redeem(invite, name, onEntered)
                    : CompletableFuture.failedFuture(failure))
        .whenComplete((done, failure) -> joining.remove(issuer))
        .handle(
            (done, failure) -> {
              if (failure != null) {
                throw new CompletionException(explain(failure));
              }
              return null;
            });
  }

  private CompletableFuture<Void> redeem(Invite invite, String name, Runnable onEntered) {
    return reach(invite.issuer(), invite.addresses())
        .thenCompose(
            connection ->
                JoinProtocol.ask(connection, invite, name)
                    .thenAcceptAsync(
                        chain -> {
                          enter(invite, chain);
                          onEntered.run();
                        },
                        blocking)
                    .thenCompose(entered -> greetIssuer(connection)));
  }

  private void requireJoinable(Invite invite) {
    try {
      if (membership.swarm().equals(invite.swarm())) {
        throw new MembershipException("this node is a member of that swarm already");
      }
      membership.requireAlone();
    } catch (MembershipException e) {
      throw new CompletionException(e);
    }
  }

  private CompletableFuture<Connection> reach(PeerId issuer, List<Multiaddr> addresses) {
    return host.connect(issuer, addresses)
        .handle(
            (connection, failure) -> {
              if (failure != null) {
                throw new CompletionException(
                    new MembershipException(
                        "the invite can only be redeemed at the node that made it, "
                            + issuer
                            + ", which cannot be reached now: "
                            + unwrapped(failure).getMessage(),
                        unwrapped(failure)));
              }
              return connection;
            });
  }

  private void enter(Invite invite, CertificateChain chain) {
    try {
      chain.verify(invite.swarm(), host.peerId(), clock.instant());
    } catch (MembershipException e) {
      throw new CompletionException(
          new MembershipException(
              "the node that answered gave a certificate that does not verify: " + e.getMessage()));
    }
    membership.enter(chain);
    dismiss();
    log.info("entered swarm {}", chain.swarm());
  }

  /** Ends every admitted connection: this node is in another swarm now. */
  public void dismiss() {
    admitted.keySet().forEach(Connection::close);
    admitted.clear();
  }

  private CompletableFuture<Void> greetIssuer(Connection connection) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    synchronized (awaited) {
      awaited.put(connection.remotePeer(), done);
    }
    hello.greet(connection);
    return done.orTimeout(ADMISSION_MAX.toSeconds(), TimeUnit.SECONDS);
  }

  private static MembershipException explain(Throwable failure) {
    Throwable cause = unwrapped(failure);
    if (cause instanceof MembershipException refused) {
      return refused;
    }
    if (cause instanceof IOException || cause instanceof DialException) {
      return new MembershipException(
          "joining broke off: " + cause.getMessage() + " (try again)", cause);
    }
    return new MembershipException("joining failed: " + cause, cause);
  }

  private static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** Takes revocations that a peer brought; blocks. */
  public void learn(List<Revocation> revocations) {
    for (Revocation revocation : revocations) {
      try {
        if (membership.learn(revocation)) {
          log.info("{} {}", revocation.subject(), revocation.sentence());
          listener.onRevocation(revocation);
        }
      } catch (MembershipException e) {
        log.debug("a revocation was left out: {}", e.getMessage());
      }
    }
    recheck();
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
      CompletableFuture<Void> waiting;
      synchronized (awaited) {
        waiting = awaited.remove(connection.remotePeer());
      }
      if (waiting != null) {
        waiting.complete(null);
      }
    }

    @Override
    public void onRefused(Connection connection, String cause) {
      if (admitted.containsKey(connection)) {
        return;
      }
      listener.onRefused(connection.remotePeer(), cause);
      timer.schedule(
          () -> {
            if (!joining.contains(connection.remotePeer())) {
              connection.close();
            }
          },
          REFUSED_LINGER.toMillis(),
          TimeUnit.MILLISECONDS);
    }

    @Override
    public void onShown(Connection connection, Revocation revocation) {
      PeerId about = revocation.subject();
      if (about.equals(host.peerId()) || about.equals(connection.remotePeer())) {
        blocking.execute(() -> learn(List.of(revocation)));
      }
    }

    @Override
    public void onRoster(List<CertificateChain> members, List<Revocation> revocations) {
      blocking.execute(
          () -> {
            learn(revocations);
            for (CertificateChain chain : members) {
              try {
                membership.verify(chain, chain.leaf().subject());
                membership.remember(chain, List.of());
              } catch (MembershipException e) {
                log.debug("a member of a roster was left out: {}", e.getMessage());
              }
            }
          });
    }
  }
}
