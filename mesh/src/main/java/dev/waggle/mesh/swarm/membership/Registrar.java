package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.label.Label;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** An admin's part of membership: lets others in, and renews their certificates. Thread-safe. */
final class Registrar {
  private final Membership membership;
  private final Identity node;
  private final MembershipStore store;
  private final Revocations revocations;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  Registrar(
      Membership membership,
      Identity node,
      MembershipStore store,
      Revocations revocations,
      Clock clock) {
    this.membership = membership;
    this.node = node;
    this.store = store;
    this.revocations = revocations;
    this.clock = clock;
  }

  /** What became of a request for a certificate: its chain, or why there is none. */
  sealed interface Admission {
    record Admitted(CertificateChain chain) implements Admission {}

    record Refused(JoinRefusal why) implements Admission {}
  }

  /**
   * Makes an invite that only this node redeems.
   *
   * @param validity how long it is valid, at most {@link Membership#INVITE_MAX}
   * @param addresses where this node can be reached
   * @throws MembershipException if this node may not give that, or the validity is out of range
   */
  Invite invite(InviteTerms terms, Duration validity, List<Multiaddr> addresses)
      throws MembershipException {
    membership.requireAdmin("waggle invite");
    if (validity.isNegative()
        || validity.isZero()
        || validity.compareTo(Membership.INVITE_MAX) > 0) {
      throw new MembershipException(
          "an invite is valid for more than nothing and at most "
              + Membership.INVITE_MAX.toDays()
              + " days");
    }
    if (terms.roles().contains(Role.ADMIN)) {
      membership.requireOwner("only the swarm's owner makes admins");
    }
    byte[] secret = new byte[Invite.SECRET_BYTES];
    random.nextBytes(secret);
    Instant expiry = Instant.ofEpochMilli(clock.instant().plus(validity).toEpochMilli());
    store.saveInvite(Invite.hash(secret), expiry, terms);
    return new Invite(membership.swarm(), node.peerId(), addresses, secret, expiry, terms.bound());
  }

  /** Redeems an invite for a joiner. */
  Admission redeem(byte[] secret, PeerId joiner, String name) {
    if (!membership.isAdmin() || !Certificate.isName(name)) {
      return new Admission.Refused(JoinRefusal.UNKNOWN);
    }
    if (!membership.hasRoomFor(joiner)) {
      return new Admission.Refused(JoinRefusal.FULL);
    }
    MembershipStore.Redemption redemption =
        store.redeem(Invite.hash(secret), joiner, clock.instant());
    if (redemption instanceof MembershipStore.Redemption.Refused refused) {
      return new Admission.Refused(refused.why());
    }
    InviteTerms terms = ((MembershipStore.Redemption.Redeemed) redemption).terms();
    boolean cameBack = revocations.latest(joiner).map(Revocation::isLeave).orElse(true);
    if (!cameBack && terms.bound().isEmpty()) {
      return new Admission.Refused(JoinRefusal.REVOKED);
    }
    return certify(joiner, new Grant(name, terms.roles(), terms.labels()));
  }

  private Admission certify(PeerId subject, Grant grant) {
    Instant now = clock.instant();
    // Later than what it is to survive, even where the revoking clock was ahead.
    Instant begin =
        revocations
            .latest(subject)
            .map(latest -> latest.issued().plusMillis(1))
            .filter(after -> after.isAfter(now))
            .orElse(now);
    // Later than what it is to supersede, too.
    Instant before = membership.begin(subject);
    if (!begin.isAfter(before)) {
      begin = before.plusMillis(1);
    }
    CertificateChain chain;
    if (grant.roles().contains(Role.ADMIN)) {
      Optional<Identity> owner = membership.owner();
      if (owner.isEmpty()) {
        return new Admission.Refused(JoinRefusal.UNKNOWN);
      }
      chain = CertificateChain.ofOwner(owner.get(), subject, grant, begin);
    } else {
      chain = membership.own().admit(node, subject, grant, begin);
    }
    membership.take(chain);
    return new Admission.Admitted(chain);
  }

  /**
   * Gives a member other labels than it had.
   *
   * @throws MembershipException if this node may not, or the peer is no member
   */
  CertificateChain label(PeerId member, Set<Label> labels) throws MembershipException {
    membership.requireAdmin("waggle label");
    InviteTerms terms = new InviteTerms(membership.roles(member), labels, Optional.empty());
    if (terms.roles().isEmpty()) {
      throw new MembershipException(member + " is no member (\"waggle members\" shows them)");
    }
    if (terms.roles().contains(Role.ADMIN)) {
      membership.requireOwner("only the swarm's owner labels admins");
    }
    Grant grant = new Grant(membership.name(member), terms.roles(), terms.labels());
    return ((Admission.Admitted) certify(member, grant)).chain();
  }

  /** A member asks for a newer certificate: it gets what it has, for longer. */
  Admission renew(CertificateChain chain) {
    if (!membership.isAdmin() || membership.wantsRenewal()) {
      return new Admission.Refused(JoinRefusal.UNKNOWN);
    }
    try {
      membership.verify(chain, chain.leaf().subject());
    } catch (MembershipException e) {
      return new Admission.Refused(JoinRefusal.REVOKED);
    }
    return certify(chain.leaf().subject(), membership.latest(chain).leaf().grant());
  }
}
