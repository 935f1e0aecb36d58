package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.audit.AuditServer;
import dev.waggle.mesh.swarm.control.ControlMessage.Body;
import dev.waggle.mesh.swarm.control.ControlTopic;
import dev.waggle.mesh.swarm.liveness.Liveness;
import dev.waggle.mesh.swarm.membership.Admissions;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.Revocation;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Brings what members tell all others to whom it concerns. Thread-safe. */
final class HeardControl implements ControlTopic.Listener {
  private final Membership membership;
  private final Admissions admissions;
  private final Liveness liveness;
  private final AuditServer audits;
  private final Executor blocking;
  private final Consumer<Revocation> onRevocation;

  /**
   * @param blocking runs what waits for the disk
   * @param onRevocation hears of revocations that were news
   */
  HeardControl(
      Membership membership,
      Admissions admissions,
      Liveness liveness,
      AuditServer audits,
      Executor blocking,
      Consumer<Revocation> onRevocation) {
    this.membership = membership;
    this.admissions = admissions;
    this.liveness = liveness;
    this.audits = audits;
    this.blocking = blocking;
    this.onRevocation = onRevocation;
  }

  @Override
  public boolean isNews(PeerId from, Body body) {
    if (body instanceof Body.Suspicion suspicion) {
      return liveness.isNews(suspicion);
    }
    if (body instanceof Body.Certified certified) {
      return membership.isNews(certified.chain());
    }
    if (body instanceof Body.Forked forked) {
      return audits
          .newFork(forked.evidence())
          .filter(accused -> !membership.roles(accused).isEmpty())
          .isPresent();
    }
    return body instanceof Body.Revoked revoked && membership.isNews(revoked.revocation());
  }

  @Override
  public void onMessage(PeerId from, Body body) {
    if (body instanceof Body.Suspicion suspicion) {
      liveness.onSuspicion(from, suspicion);
    } else if (body instanceof Body.Revoked revoked) {
      blocking.execute(() -> admissions.learn(List.of(revoked.revocation())).forEach(onRevocation));
    } else if (body instanceof Body.Certified certified) {
      blocking.execute(() -> membership.take(certified.chain()));
    } else if (body instanceof Body.Forked forked) {
      blocking.execute(() -> audits.onFork(forked.evidence()));
    }
  }
}
