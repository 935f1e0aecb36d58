package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.swarm.request.Requests;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps this node's certificate from expiring. Thread-safe. */
final class Renewal {
  private static final Logger log = LoggerFactory.getLogger(Renewal.class);

  private final PeerId self;
  private final Membership membership;
  private final Requests requests;
  private final Executor blocking;
  private final Supplier<Deque<Admin>> admins;
  private final AtomicBoolean running = new AtomicBoolean();

  /** An admin that is connected. */
  record Admin(Connection connection, byte[] bootId) {}

  /**
   * @param blocking runs what waits for the disk
   * @param admins those that are connected now
   */
  Renewal(
      PeerId self,
      Membership membership,
      Requests requests,
      Executor blocking,
      Supplier<Deque<Admin>> admins) {
    this.self = self;
    this.membership = membership;
    this.requests = requests;
    this.blocking = blocking;
    this.admins = admins;
  }

  /** Renews it, if it is time. To be called now and then; does not block. */
  void step() {
    if (!membership.wantsRenewal() || running.getAndSet(true)) {
      return;
    }
    try {
      CompletableFuture.runAsync(membership::renewOwn, blocking)
          .thenCompose(
              done ->
                  membership.wantsRenewal()
                      ? ask(admins.get())
                      : CompletableFuture.completedFuture(null))
          .whenComplete(
              (done, failure) -> {
                running.set(false);
                if (failure != null) {
                  log.debug("no renewal yet: {}", failure.getMessage());
                }
              });
    } catch (RejectedExecutionException e) {
      running.set(false);
    }
  }

  private CompletableFuture<Void> ask(Deque<Admin> left) {
    Admin next = left.poll();
    if (next == null) {
      return CompletableFuture.failedFuture(
          new MembershipException("no admin that is connected renews certificates"));
    }
    return RenewProtocol.ask(next.connection(), requests, next.bootId())
        .thenAcceptAsync(this::take, blocking)
        .exceptionallyCompose(failure -> ask(left));
  }

  private void take(CertificateChain newer) {
    try {
      membership.verify(newer, self);
    } catch (MembershipException e) {
      throw new CompletionException(e);
    }
    if (newer.notAfter().isAfter(membership.own().notAfter())) {
      membership.take(newer);
      log.info("the certificate is good until {} now", newer.notAfter());
    }
  }
}
