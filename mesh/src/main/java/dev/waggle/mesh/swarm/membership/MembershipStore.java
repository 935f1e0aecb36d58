package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Where a node keeps what it knows of its swarm: a port, implemented on the node's database.
 *
 * <p>Methods may block and are not called on event loops. What they wrote is on disk when they
 * return; they throw {@link java.io.UncheckedIOException} when the disk fails. Thread-safe.
 */
public interface MembershipStore {
  /** A member and where it was last. */
  record Member(CertificateChain chain, List<Multiaddr> addresses) {
    public Member {
      addresses = List.copyOf(addresses);
    }
  }

  /** What became of an invite that somebody brought. */
  sealed interface Redemption {
    /** It is valid and now used, by this joiner. */
    record Redeemed(InviteTerms terms) implements Redemption {}

    /** It does not let this joiner in. */
    record Refused(JoinRefusal why) implements Redemption {}
  }

  /** This node's own chain; empty before it has a swarm. */
  Optional<CertificateChain> ownChain();

  /**
   * Begins to belong to the chain's swarm: forgets members, invites and revocations of any other.
   */
  void enter(CertificateChain own);

  /** Keeps the word with which this node left a swarm, for those that were not there to hear it. */
  void saveDeparture(Revocation departure);

  /** The words with which this node left swarms, the latest first. */
  List<Revocation> departures();

  /** The members known so far, this node left out; at most {@link Membership#MEMBERS_MAX}. */
  List<Member> members();

  /** Adds or replaces a member. */
  void save(Member member);

  /** Forgets a member. */
  void remove(PeerId member);

  /** Replaces this node's own chain by a newer one of the same swarm. */
  void renew(CertificateChain own);

  /** The revocations known so far. */
  List<Revocation> revocations();

  /** Adds a revocation, instead of an earlier one of the same issuer about the same peer. */
  void save(Revocation revocation);

  /** Keeps the hash of an invite's secret. */
  void saveInvite(byte[] secretHash, Instant expiry, InviteTerms terms);

  /**
   * Uses an invite, at most once: of concurrent calls exactly one joiner succeeds. The same joiner
   * may come again, because the reply may have been lost. A refusal is {@link JoinRefusal#USED},
   * {@link JoinRefusal#EXPIRED}, {@link JoinRefusal#ANOTHERS} or {@link JoinRefusal#UNKNOWN}.
   */
  Redemption redeem(byte[] secretHash, PeerId joiner, Instant now);
}
