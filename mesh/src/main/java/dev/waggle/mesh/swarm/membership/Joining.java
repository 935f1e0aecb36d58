package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.DialException;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.io.IOException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This node's way into another swarm: redeeming an invite. Thread-safe. */
final class Joining {
  private static final Logger log = LoggerFactory.getLogger(Joining.class);

  private final Host host;
  private final Membership membership;
  private final HelloProtocol hello;
  private final Clock clock;
  private final Executor blocking;
  private final Runnable dismiss;
  private final Set<PeerId> joining = ConcurrentHashMap.newKeySet();
  private final Map<PeerId, CompletableFuture<CertificateChain>> awaited = new HashMap<>();

  /**
   * @param blocking runs what waits for the disk
   * @param dismiss ends the connections with members of the swarm that is left
   */
  Joining(
      Host host,
      Membership membership,
      HelloProtocol hello,
      Clock clock,
      Executor blocking,
      Runnable dismiss) {
    this.host = host;
    this.membership = membership;
    this.hello = hello;
    this.clock = clock;
    this.blocking = blocking;
    this.dismiss = dismiss;
  }

  /** Whether an invite of that peer is being redeemed. */
  boolean isAt(PeerId issuer) {
    return joining.contains(issuer);
  }

  /** A peer, whose chain this is, has admitted this node. */
  void onAdmitted(CertificateChain chain) {
    CompletableFuture<CertificateChain> waiting;
    synchronized (awaited) {
      waiting = awaited.remove(chain.leaf().subject());
    }
    if (waiting != null) {
      waiting.complete(chain);
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
  CompletableFuture<Void> join(Invite invite, String name, Runnable onEntered) {
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
                Failures.cause(failure) instanceof IOException
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
                    .thenCompose(entered -> greetIssuer(connection))
                    // A node that ends right now must find its swarm again.
                    .thenAcceptAsync(
                        issuer -> membership.remember(issuer, invite.addresses()), blocking));
  }

  private void requireJoinable(Invite invite) {
    try {
      if (membership.swarm().equals(invite.swarm()) && membership.revocation().isEmpty()) {
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
                            + Failures.cause(failure).getMessage(),
                        Failures.cause(failure)));
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
    dismiss.run();
    log.info("entered swarm {}", chain.swarm());
  }

  private CompletableFuture<CertificateChain> greetIssuer(Connection connection) {
    CompletableFuture<CertificateChain> done = new CompletableFuture<>();
    synchronized (awaited) {
      awaited.put(connection.remotePeer(), done);
    }
    hello.greet(connection);
    return done.orTimeout(Admissions.ADMISSION_MAX.toSeconds(), TimeUnit.SECONDS);
  }

  private static MembershipException explain(Throwable failure) {
    Throwable cause = Failures.cause(failure);
    if (cause instanceof MembershipException refused) {
      return refused;
    }
    if (cause instanceof IOException || cause instanceof DialException) {
      return new MembershipException(
          "joining broke off: " + cause.getMessage() + " (try again)", cause);
    }
    return new MembershipException("joining failed: " + cause, cause);
  }
}
