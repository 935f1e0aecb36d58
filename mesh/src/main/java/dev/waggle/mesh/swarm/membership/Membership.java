package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.label.Label;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * This node's place in its swarm, the members it knows, and who is none any more. Thread-safe.
 *
 * <p>Methods that change something write it to disk and may block; the others answer from memory.
 */
public final class Membership {
  /** The most members of a swarm. */
  public static final int MEMBERS_MAX = 1_000;

  /** The most revocations that a node knows of its swarm. */
  public static final int REVOCATIONS_MAX = 4 * MEMBERS_MAX;

  /** The longest time an invite can be valid. */
  public static final Duration INVITE_MAX = Duration.ofDays(30);

  /** How long before its end a certificate is renewed. */
  static final Duration RENEWAL_AHEAD = CertificateChain.VALIDITY.dividedBy(3);

  private final Keys keys;
  private final MembershipStore store;
  private final Clock clock;
  // Changed, here and in the store, by one thread at a time; read by any.
  private final Map<PeerId, MembershipStore.Member> members = new ConcurrentHashMap<>();
  private final Revocations revocations = new Revocations();
  private final Registrar registrar;
  private final List<Revocation> departures = new CopyOnWriteArrayList<>();
  private volatile CertificateChain own;

  /**
   * What a node signs with.
   *
   * @param node its identity
   * @param owner the swarm's owner key while this node has it; asked each time, may block
   */
  public record Keys(Identity node, Supplier<Optional<Identity>> owner) {}

  private Membership(Keys keys, MembershipStore store, Clock clock, CertificateChain own)
      throws MembershipException {
    this.keys = keys;
    this.store = store;
    this.clock = clock;
    this.own = own;
    this.registrar = new Registrar(this, keys.node(), store, revocations, clock);
    for (Revocation revocation : store.revocations()) {
      revocations.add(revocation, revocation.verify(own.swarm()));
    }
    departures.addAll(store.departures());
    store.members().forEach(member -> members.put(member.chain().leaf().subject(), member));
  }

  /**
   * The membership that the store has.
   *
   * @throws MembershipException when what it has is not this node's
   */
  public static Optional<Membership> load(Keys keys, MembershipStore store, Clock clock)
      throws MembershipException {
    Optional<CertificateChain> chain = store.ownChain();
    if (chain.isEmpty()) {
      return Optional.empty();
    }
    if (!chain.get().leaf().subject().equals(keys.node().peerId())) {
      throw new MembershipException(
          "the stored certificate is for another node (were files of two nodes mixed?)");
    }
    return Optional.of(new Membership(keys, store, clock, chain.get()));
  }

  /** Makes a swarm of one, owned by the given key. */
  public static Membership found(
      Keys keys, Identity owner, String name, MembershipStore store, Clock clock)
      throws MembershipException {
    CertificateChain chain =
        CertificateChain.found(owner, keys.node().peerId(), name, clock.instant());
    store.enter(chain);
    return new Membership(keys, store, clock, chain);
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

  /** The chain of a member, this node's own among them; empty for peers that are none. */
  private Optional<CertificateChain> known(PeerId peer) {
    return peer.equals(keys.node().peerId())
        ? Optional.of(own)
        : Optional.ofNullable(members.get(peer)).map(MembershipStore.Member::chain);
  }

  /** What a member may do; nothing for peers that are none. */
  public Set<Role> roles(PeerId peer) {
    return known(peer).map(chain -> chain.leaf().roles()).orElse(Set.of());
  }

  /** What a member is called; empty for peers that are none. */
  public String name(PeerId peer) {
    return known(peer).map(chain -> chain.leaf().name()).orElse("");
  }

  /** Whether this node may invite and revoke others. */
  public boolean isAdmin() {
    return own.leaf().roles().contains(Role.ADMIN) && revocation().isEmpty();
  }

  /** The word that ended this node's own membership, if there is one. */
  public Optional<Revocation> revocation() {
    return revocations.covering(own);
  }

  // ---- letting others in

  /**
   * Makes an invite that only this node redeems.
   *
   * @param validity how long it is valid, at most {@link #INVITE_MAX}
   * @param addresses where this node can be reached
   * @throws MembershipException if this node may not give that, or the validity is out of range
   */
  public Invite invite(InviteTerms terms, Duration validity, List<Multiaddr> addresses)
      throws MembershipException {
    return registrar.invite(terms, validity, addresses);
  }

  /**
   * Gives a member other labels than it had; the others have to be told the answer.
   *
   * @throws MembershipException if this node may not, or the peer is no member
   * @throws IllegalArgumentException if they are too many, or none that a node can hold
   */
  public CertificateChain label(PeerId member, Set<Label> labels) throws MembershipException {
    return registrar.label(member, labels);
  }

  /** What this node does as an admin. */
  Registrar registrar() {
    return registrar;
  }

  /** Whether the swarm has a place for a joiner. */
  boolean hasRoomFor(PeerId joiner) {
    return members.size() < MEMBERS_MAX - 1 || members.containsKey(joiner);
  }

  void requireAdmin(String command) throws MembershipException {
    if (!isAdmin()) {
      throw new MembershipException(
          "this node is no admin of the swarm (run: " + command + ", on one that is)");
    }
  }

  Identity requireOwner(String rule) throws MembershipException {
    return owner()
        .orElseThrow(
            () ->
                new MembershipException(
                    rule + ", and its key is not on this node (run: waggle owner import FILE)"));
  }

  Optional<Identity> owner() {
    return keys.owner().get().filter(key -> SwarmId.ofOwner(key.peerId()).equals(swarm()));
  }

  // ---- renewing

  /** Whether this node should ask for a newer certificate. */
  boolean wantsRenewal() {
    return revocation().isEmpty() && !clock.instant().isBefore(own.notAfter().minus(RENEWAL_AHEAD));
  }

  /** Renews this node's own certificate where it has the owner's key. */
  void renewOwn() {
    owner()
        .ifPresent(
            key ->
                takeRenewal(
                    CertificateChain.ofOwner(
                        key, keys.node().peerId(), own.leaf().grant(), clock.instant())));
  }

  /** Takes a newer chain of its own that was verified. */
  void takeRenewal(CertificateChain newer) {
    store.renew(newer);
    own = newer;
  }

  // ---- entering and leaving

  /** Refuses to enter another swarm while there are others in this one. */
  void requireAlone() throws MembershipException {
    if (!members.isEmpty() && revocation().isEmpty()) {
      throw new MembershipException(
          "this node belongs to a swarm with "
              + members.size()
              + " other member"
              + (members.size() == 1 ? "" : "s")
              + " already (run: waggle leave, or use another --data-dir for a second swarm)");
    }
  }

  /** Enters the swarm of a chain that was verified. */
  void enter(CertificateChain chain) {
    synchronized (members) {
      store.enter(chain);
      members.clear();
      revocations.clear();
      own = chain;
    }
  }

  /**
   * Leaves for a swarm of one with a new owner key.
   *
   * @param telling hears, while this node still belongs, the word that tells the others
   */
  public void leave(Identity newOwner, String name, Consumer<Revocation> telling) {
    Instant now = clock.instant();
    PeerId self = keys.node().peerId();
    if (revocation().isEmpty()) {
      Revocation departure =
          Revocation.issue(keys.node(), Optional.of(own), swarm(), self, "", List.of(), now);
      store.saveDeparture(departure);
      departures.add(departure);
      telling.accept(departure);
    }
    enter(CertificateChain.found(newOwner, self, name, now));
  }

  /** The word with which this node left a swarm. */
  Optional<Revocation> departure(SwarmId from) {
    return departures.stream().filter(each -> each.swarm().equals(from)).findFirst();
  }

  // ---- revoking

  /**
   * Ends a peer's membership.
   *
   * @param reason for people, at most {@link Revocation#REASON_CHARACTERS_MAX} characters
   * @param keep when the peer is an admin, those that it let in and that stay
   * @throws MembershipException if this node may not, or the peer is itself
   */
  public Revocation revoke(PeerId peer, String reason, Collection<PeerId> keep)
      throws MembershipException {
    if (peer.equals(keys.node().peerId())) {
      throw new MembershipException("a node does not revoke itself (run: waggle leave)");
    }
    if (!Revocation.isReason(reason)) {
      throw new MembershipException(
          "a reason has at most "
              + Revocation.REASON_CHARACTERS_MAX
              + " printable characters, no line breaks");
    }
    Optional<Identity> owner = owner();
    if (roles(peer).contains(Role.ADMIN) && owner.isEmpty()) {
      requireOwner("only the swarm's owner revokes an admin");
    }
    if (owner.isEmpty()) {
      requireAdmin("waggle revoke");
    }
    Revocation revocation =
        Revocation.issue(
            owner.orElse(keys.node()),
            owner.isPresent() ? Optional.empty() : Optional.of(own),
            swarm(),
            peer,
            reason,
            owner.isPresent() ? standing(peer, keep) : List.of(),
            clock.instant());
    learn(revocation);
    return revocation;
  }

  /** Those of an admin's certificates that stay, and its own revocations, which always do. */
  private List<ByteString> standing(PeerId admin, Collection<PeerId> keep) {
    List<ByteString> standing = new ArrayList<>();
    for (MembershipStore.Member member : members.values()) {
      Certificate leaf = member.chain().leaf();
      if (leaf.issuer().equals(admin) && keep.contains(leaf.subject())) {
        standing.add(leaf.serial());
      }
    }
    revocations.all().stream()
        .filter(each -> each.issuer().equals(admin))
        .limit(Revocation.STANDING_MAX - standing.size())
        .forEach(each -> standing.add(each.id()));
    return standing;
  }

  /** The members that a peer let in. */
  public List<PeerId> admittedBy(PeerId admin) {
    return members.values().stream()
        .map(member -> member.chain().leaf())
        .filter(leaf -> leaf.issuer().equals(admin))
        .map(Certificate::subject)
        .toList();
  }

  /** Whether a peer was a member, and is none any more. */
  public boolean isOut(PeerId peer) {
    return !members.containsKey(peer) && revocations.latest(peer).isPresent();
  }

  /** Whether a revocation says something that this node does not know. */
  public boolean isNews(Revocation revocation) {
    return revocations.isNews(revocation);
  }

  /**
   * Takes a revocation, whoever brought it: it counts at once, and is on disk when this returns.
   *
   * @return whether it was news
   * @throws MembershipException if it was not signed by one who may
   */
  public boolean learn(Revocation revocation) throws MembershipException {
    if (!revocations.add(revocation, revocation.verify(swarm()))) {
      return false;
    }
    synchronized (members) {
      members
          .values()
          .removeIf(
              member -> {
                boolean revoked = revocations.covering(member.chain()).isPresent();
                if (revoked) {
                  store.remove(member.chain().leaf().subject());
                }
                return revoked;
              });
    }
    store.save(revocation);
    return true;
  }

  /** The revocations known so far. */
  public List<Revocation> revocations() {
    return revocations.all();
  }

  // ---- knowing

  /** Whether a chain verifies and counts instead of what this node knows of its member. */
  public boolean isNews(CertificateChain chain) {
    PeerId id = chain.leaf().subject();
    if (!known(id).map(chain::supersedes).orElse(true)) {
      return false;
    }
    try {
      verify(chain, id);
      return true;
    } catch (MembershipException e) {
      return false;
    }
  }

  /** Takes a verified chain, whoever brought it, if it is newer than what is known; blocks. */
  public void take(CertificateChain chain) {
    if (!chain.leaf().subject().equals(keys.node().peerId())) {
      remember(chain, List.of());
    } else if (chain.swarm().equals(swarm()) && chain.supersedes(own)) {
      takeRenewal(chain);
    }
  }

  /** The latest known chain of a member that shows this one. */
  CertificateChain latest(CertificateChain shown) {
    return known(shown.leaf().subject())
        .filter(chain -> chain.swarm().equals(shown.swarm()) && chain.supersedes(shown))
        .orElse(shown);
  }

  /** When the latest certificate of a peer began; long ago where none is known. */
  Instant begin(PeerId peer) {
    return known(peer).map(chain -> chain.leaf().notBefore()).orElse(Instant.EPOCH);
  }

  /** Keeps a verified chain; known addresses stay where new ones are missing. Blocks. */
  public void remember(CertificateChain chain, List<Multiaddr> addresses) {
    PeerId id = chain.leaf().subject();
    synchronized (members) {
      if (id.equals(keys.node().peerId())
          || !chain.swarm().equals(swarm())
          || revocations.covering(chain).isPresent()) {
        return;
      }
      MembershipStore.Member known = members.get(id);
      if (known == null && members.size() >= MEMBERS_MAX) {
        return;
      }
      List<Multiaddr> kept = addresses.isEmpty() && known != null ? known.addresses() : addresses;
      CertificateChain newest =
          known == null || chain.supersedes(known.chain()) ? chain : known.chain();
      if (known != null && known.addresses().equals(kept) && newest == known.chain()) {
        return;
      }
      MembershipStore.Member member = new MembershipStore.Member(newest, kept);
      members.put(id, member);
      store.save(member);
    }
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
    Optional<Revocation> revocation = revocations.covering(chain);
    if (revocation.isPresent()) {
      throw new RevokedException(peer, revocation.get());
    }
  }
}
