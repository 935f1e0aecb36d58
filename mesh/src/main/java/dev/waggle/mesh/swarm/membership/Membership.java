package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * This node's place in its swarm, and the members it knows. Thread-safe.
 *
 * <p>Methods that change something write it to disk and may block; the others answer from memory.
 */
public final class Membership {
  /** The most members of a swarm. */
  public static final int MEMBERS_MAX = 1_000;

  /** The longest time an invite can be valid. */
  public static final Duration INVITE_MAX = Duration.ofDays(30);

  private final Identity identity;
  private final MembershipStore store;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<PeerId, MembershipStore.Member> members = new ConcurrentHashMap<>();
  private volatile CertificateChain own;

  private Membership(Identity identity, MembershipStore store, Clock clock, CertificateChain own) {
    this.identity = identity;
    this.store = store;
    this.clock = clock;
    this.own = own;
    store.members().forEach(member -> members.put(member.chain().leaf().subject(), member));
  }

  /**
   * The membership that the store has.
   *
   * @throws MembershipException when it has one that is not this node's
   */
  public static Optional<Membership> load(Identity identity, MembershipStore store, Clock clock)
      throws MembershipException {
    Optional<CertificateChain> chain = store.ownChain();
    if (chain.isEmpty()) {
      return Optional.empty();
    }
    if (!chain.get().leaf().subject().equals(identity.peerId())) {
      throw new MembershipException(
          "the stored certificate is for another node (were files of two nodes mixed?)");
    }
    return Optional.of(new Membership(identity, store, clock, chain.get()));
  }

  /** Makes a swarm of one, owned by the given key. */
  public static Membership found(
      Identity identity, Identity owner, String name, MembershipStore store, Clock clock) {
    CertificateChain chain =
        CertificateChain.found(owner, identity.peerId(), name, clock.instant());
    store.enter(chain);
    return new Membership(identity, store, clock, chain);
  }

  /** The swarm. */
  public SwarmId swarm() {
    return own.swarm();
  }

  /** This node's own chain. */
  public CertificateChain own() {
    return own;
  }

  /** The other members known so far. */
  public List<MembershipStore.Member> others() {
    return List.copyOf(members.values());
  }

  /** Whether this node may invite others. */
  public boolean isAdmin() {
    return own.leaf().roles().contains(Role.ADMIN);
  }

  /**
   * Makes an invite that only this node redeems.
   *
   * @param validity how long it is valid, at most {@link #INVITE_MAX}
   * @param addresses where this node can be reached
   * @throws MembershipException if this node is no admin or the validity is out of range
   */
  public Invite invite(Duration validity, List<Multiaddr> addresses) throws MembershipException {
    if (!isAdmin()) {
      throw new MembershipException(
          "this node is no admin of the swarm (run: waggle invite, on one that is)");
    }
    if (validity.isNegative() || validity.isZero() || validity.compareTo(INVITE_MAX) > 0) {
      throw new MembershipException(
          "an invite is valid for more than nothing and at most " + INVITE_MAX.toDays() + " days");
    }
    byte[] secret = new byte[Invite.SECRET_BYTES];
    random.nextBytes(secret);
    Instant expiry = Instant.ofEpochMilli(clock.instant().plus(validity).toEpochMilli());
    store.saveInvite(Invite.hash(secret), expiry);
    return new Invite(swarm(), identity.peerId(), addresses, secret, expiry);
  }

  /** What became of a joiner's secret: its chain, or why it has none. */
  sealed interface Admission {
    record Admitted(CertificateChain chain) implements Admission {}

    record Refused(JoinRefusal why) implements Admission {}
  }

  /** Redeems an invite for a joiner. */
  Admission redeem(byte[] secret, PeerId joiner, String name) {
    if (!isAdmin() || !Certificate.isName(name)) {
      return new Admission.Refused(JoinRefusal.UNKNOWN);
    }
    if (members.size() >= MEMBERS_MAX - 1 && !members.containsKey(joiner)) {
      return new Admission.Refused(JoinRefusal.FULL);
    }
    Instant now = clock.instant();
    return switch (store.redeem(Invite.hash(secret), joiner, now)) {
      case REDEEMED -> {
        CertificateChain chain = own.admit(identity, joiner, name, Set.of(Role.MEMBER), now);
        remember(chain, List.of());
        yield new Admission.Admitted(chain);
      }
      case USED -> new Admission.Refused(JoinRefusal.USED);
      case EXPIRED -> new Admission.Refused(JoinRefusal.EXPIRED);
      case UNKNOWN -> new Admission.Refused(JoinRefusal.UNKNOWN);
    };
  }

  /** Refuses to leave a swarm in which there are others. */
  void requireAlone() throws MembershipException {
    if (!members.isEmpty()) {
      throw new MembershipException(
          "this node belongs to a swarm with "
              + members.size()
              + " other member"
              + (members.size() == 1 ? "" : "s")
              + " already (use another --data-dir to join a second one)");
    }
  }

  /** Enters the swarm of a chain that was verified. */
  void enter(CertificateChain chain) {
    store.enter(chain);
    members.clear();
    own = chain;
  }

  /** Keeps a verified chain; known addresses stay where new ones are missing. */
  public void remember(CertificateChain chain, List<Multiaddr> addresses) {
    PeerId id = chain.leaf().subject();
    if (id.equals(identity.peerId()) || !chain.swarm().equals(swarm())) {
      return;
    }
    MembershipStore.Member known = members.get(id);
    if (known == null && members.size() >= MEMBERS_MAX) {
      return;
    }
    List<Multiaddr> kept = addresses.isEmpty() && known != null ? known.addresses() : addresses;
    if (known != null
        && known.addresses().equals(kept)
        && !chain.leaf().notAfter().isAfter(known.chain().leaf().notAfter())) {
      return;
    }
    MembershipStore.Member member = new MembershipStore.Member(chain, kept);
    members.put(id, member);
    store.save(member);
  }

  /**
   * Checks a peer's chain.
   *
   * @throws MembershipException naming what failed
   */
  public void verify(CertificateChain chain, PeerId peer) throws MembershipException {
    MembershipStore.Member known = members.get(peer);
    boolean same =
        known != null
            && known.chain().swarm().equals(swarm())
            && Arrays.equals(known.chain().bytes(), chain.bytes());
    if (same) {
      // A chain that was kept was verified; its signatures do not change, but time passes.
      chain.verifyTime(clock.instant());
    } else {
      chain.verify(swarm(), peer, clock.instant());
    }
  }
}
