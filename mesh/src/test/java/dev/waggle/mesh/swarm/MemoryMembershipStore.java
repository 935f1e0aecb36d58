package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.JoinRefusal;
import dev.waggle.mesh.swarm.membership.MembershipStore;
import dev.waggle.mesh.swarm.membership.Revocation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Keeps a membership in memory, for tests. */
public final class MemoryMembershipStore implements MembershipStore {
  private @Nullable CertificateChain own;
  private final Map<PeerId, Member> members = new HashMap<>();
  private final Map<String, Map.Entry<Instant, InviteTerms>> invites = new HashMap<>();
  private final List<Revocation> revocations = new ArrayList<>();
  private final List<Revocation> departures = new ArrayList<>();
  private final Map<String, PeerId> used = new HashMap<>();

  @Override
  public synchronized Optional<CertificateChain> ownChain() {
    return Optional.ofNullable(own);
  }

  @Override
  public synchronized void enter(CertificateChain chain) {
    own = chain;
    members.clear();
    revocations.clear();
    invites.clear();
    used.clear();
  }

  @Override
  public synchronized List<Member> members() {
    return List.copyOf(members.values());
  }

  @Override
  public synchronized void save(Member member) {
    members.put(member.chain().leaf().subject(), member);
  }

  @Override
  public synchronized void remove(PeerId member) {
    members.remove(member);
  }

  @Override
  public synchronized void renew(CertificateChain chain) {
    own = chain;
  }

  @Override
  public synchronized void saveDeparture(Revocation departure) {
    departures.add(0, departure);
  }

  @Override
  public synchronized List<Revocation> departures() {
    return List.copyOf(departures);
  }

  @Override
  public synchronized List<Revocation> revocations() {
    return List.copyOf(revocations);
  }

  @Override
  public synchronized void save(Revocation revocation) {
    revocations.removeIf(
        each ->
            each.subject().equals(revocation.subject())
                && each.issuer().equals(revocation.issuer()));
    revocations.add(revocation);
  }

  @Override
  public synchronized void saveInvite(byte[] secretHash, Instant expiry, InviteTerms terms) {
    invites.put(HexFormat.of().formatHex(secretHash), Map.entry(expiry, terms));
  }

  @Override
  public synchronized Redemption redeem(byte[] secretHash, PeerId joiner, Instant now) {
    String key = HexFormat.of().formatHex(secretHash);
    Map.Entry<Instant, InviteTerms> invite = invites.get(key);
    if (invite == null) {
      return new Redemption.Refused(JoinRefusal.UNKNOWN);
    }
    InviteTerms terms = invite.getValue();
    if (!terms.bound().map(joiner::equals).orElse(true)) {
      return new Redemption.Refused(JoinRefusal.ANOTHERS);
    }
    PeerId by = used.get(key);
    if (by != null) {
      return by.equals(joiner)
          ? new Redemption.Redeemed(terms)
          : new Redemption.Refused(JoinRefusal.USED);
    }
    if (!now.isBefore(invite.getKey())) {
      return new Redemption.Refused(JoinRefusal.EXPIRED);
    }
    used.put(key, joiner);
    return new Redemption.Redeemed(terms);
  }
}
