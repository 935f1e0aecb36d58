package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.MembershipStore;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Keeps a membership in memory, for tests. */
final class MemoryMembershipStore implements MembershipStore {
  private @Nullable CertificateChain own;
  private final Map<PeerId, Member> members = new HashMap<>();
  private final Map<String, Instant> invites = new HashMap<>();
  private final Map<String, PeerId> used = new HashMap<>();

  @Override
  public synchronized Optional<CertificateChain> ownChain() {
    return Optional.ofNullable(own);
  }

  @Override
  public synchronized void enter(CertificateChain chain) {
    own = chain;
    members.clear();
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
  public synchronized void saveInvite(byte[] secretHash, Instant expiry) {
    invites.put(HexFormat.of().formatHex(secretHash), expiry);
  }

  @Override
  public synchronized Redemption redeem(byte[] secretHash, PeerId joiner, Instant now) {
    String key = HexFormat.of().formatHex(secretHash);
    Instant expiry = invites.get(key);
    if (expiry == null) {
      return Redemption.UNKNOWN;
    }
    PeerId by = used.get(key);
    if (by != null) {
      return by.equals(joiner) ? Redemption.REDEEMED : Redemption.USED;
    }
    if (!now.isBefore(expiry)) {
      return Redemption.EXPIRED;
    }
    used.put(key, joiner);
    return Redemption.REDEEMED;
  }
}
