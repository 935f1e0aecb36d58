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
  enum Redemption {
    /** It is valid and now used, by this joiner. */
    REDEEMED,
    /** Somebody else used it before. */
    USED,
    /** It expired. */
    EXPIRED,
    /** This node never made it. */
    UNKNOWN
  }

  /** This node's own chain; empty before it has a swarm. */
  Optional<CertificateChain> ownChain();

  /** Begins to belong to the chain's swarm: forgets members and invites of any other. */
  void enter(CertificateChain own);

  /** The members known so far, this node left out; at most {@link Membership#MEMBERS_MAX}. */
  List<Member> members();

  /** Adds or replaces a member. */
  void save(Member member);

  /** Keeps the hash of an invite's secret. */
  void saveInvite(byte[] secretHash, Instant expiry);

  /**
   * Uses an invite, at most once: of concurrent calls exactly one joiner succeeds. The same joiner
   * may come again, because the reply may have been lost.
   */
  Redemption redeem(byte[] secretHash, PeerId joiner, Instant now);
}
