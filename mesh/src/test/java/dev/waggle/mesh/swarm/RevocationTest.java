package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.Revocation;
import dev.waggle.mesh.swarm.membership.Role;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who can be put out of a swarm, by whom, and what that means everywhere. */
class RevocationTest {
  private final List<TestNode> nodes = new ArrayList<>();

  private TestNode node(String name) throws IOException {
    TestNode node = new TestNode(name);
    nodes.add(node);
    return node;
  }

  @AfterEach
  void close() {
    nodes.forEach(TestNode::close);
  }

  private static void join(TestNode joiner, Invite invite, String name) throws Exception {
    try {
      joiner.swarm.join(invite, name).get(20, TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException e) {
      throw (Exception) e.getCause();
    }
  }

  private static boolean knows(TestNode node, PeerId member) {
    return node.membership.others().stream()
        .anyMatch(each -> each.chain().leaf().subject().equals(member));
  }

  @Test
  void revokedMember_isPutOutEverywhere_andLearnsWhy() throws Exception {
    TestNode owner = node("owner");
    TestNode friend = node("friend");
    TestNode thief = node("thief");
    owner.admit(friend, "friend");
    owner.admit(thief, "thief");
    await().until(() -> friend.isConnectedWith(thief));

    Revocation revocation = owner.swarm.revoke(thief.id(), "laptop stolen", Set.of());

    assertThat(revocation.subject()).isEqualTo(thief.id());
    await().until(() -> !friend.isConnectedWith(thief) && !owner.isConnectedWith(thief));
    await().until(() -> !knows(friend, thief.id()));
    assertThat(knows(owner, thief.id())).isFalse();
    assertThat(owner.isConnectedWith(friend)).isTrue();
    await().until(() -> thief.membership.revocation().isPresent());
    assertThat(thief.membership.revocation().orElseThrow().reason()).isEqualTo("laptop stolen");
    assertThat(thief.membership.isAdmin()).isFalse();
    assertThat(owner.swarm.troubles()).doesNotContainKey(thief.id());
  }

  @Test
  void memberThatWasAway_learnsAtFirstContact() throws Exception {
    TestNode owner = node("owner");
    TestNode friend = node("friend");
    TestNode thief = node("thief");
    owner.admit(friend, "friend");
    owner.admit(thief, "thief");
    await().until(() -> knows(friend, thief.id()));
    // What the friend had on disk before it went away, and has again when it comes back.
    assertThat(friend.membership.revocations()).isEmpty();
    Revocation revocation = owner.membership.revoke(thief.id(), "", Set.of());
    assertThat(friend.membership.isNews(revocation)).isTrue();
    // Nobody announced it: only hello tells.
    friend.swarm.disconnect(owner.id());
    owner.swarm.disconnect(friend.id());
    await().until(() -> !friend.membership.isNews(revocation));
    await().until(() -> !friend.isConnectedWith(thief));
  }

  @Test
  void revokedMember_comesBackOnlyByAnInviteThatNamesIt() throws Exception {
    TestNode owner = node("owner");
    TestNode friend = node("friend");
    owner.admit(friend, "friend");
    Invite old = owner.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1));
    owner.swarm.revoke(friend.id(), "a mistake", Set.of());
    await().until(() -> friend.membership.revocation().isPresent());
    assertThatThrownBy(() -> join(friend, old, "friend"))
        .isInstanceOf(MembershipException.class)
        .hasMessageContaining("was revoked")
        .hasMessageContaining("waggle invite --for");
    Invite again =
        owner.swarm.invite(
            new InviteTerms(Set.of(Role.MEMBER), Set.of(), Optional.of(friend.id())),
            Duration.ofHours(1));
    join(friend, again, "friend");
    await().until(() -> owner.isConnectedWith(friend));
    assertThat(friend.membership.revocation()).isEmpty();
  }

  @Test
  void boundInvite_letsNobodyElseIn() throws Exception {
    TestNode owner = node("owner");
    TestNode friend = node("friend");
    TestNode thief = node("thief");
    Invite invite =
        owner.swarm.invite(
            new InviteTerms(Set.of(Role.MEMBER), Set.of(), Optional.of(friend.id())),
            Duration.ofHours(1));
    assertThatThrownBy(() -> join(thief, invite, "thief")).hasMessageContaining("is for");
    // A thief that rewrites the token gets no further: the issuer knows whom it meant.
    Invite rewritten =
        new Invite(
            invite.swarm(),
            invite.issuer(),
            invite.addresses(),
            invite.secret(),
            invite.expiry(),
            Optional.empty());
    assertThatThrownBy(() -> join(thief, rewritten, "thief"))
        .hasMessageContaining("the invite is for another node");
    assertThat(Invite.parse(invite.token()).bound()).contains(friend.id());
    join(friend, Invite.parse(invite.token()), "friend");
    assertThat(owner.isConnectedWith(friend)).isTrue();
  }

  @Test
  void whoMayRevokeWhom_isAsDesigned() throws Exception {
    TestNode owner = node("owner");
    TestNode admin = node("admin");
    TestNode member = node("member");
    owner.admit(admin, "admin", Role.granted("admin"));
    owner.admit(member, "member");
    await().until(() -> knows(admin, member.id()) && knows(member, admin.id()));
    admin.owner = Optional.empty();

    assertThatThrownBy(() -> member.swarm.revoke(admin.id(), "", Set.of()))
        .hasMessageContaining("only the swarm's owner");
    assertThatThrownBy(() -> admin.swarm.revoke(owner.id(), "", Set.of()))
        .hasMessageContaining("only the swarm's owner");
    assertThatThrownBy(() -> admin.swarm.revoke(admin.id(), "", Set.of()))
        .hasMessageContaining("waggle leave");
    assertThatThrownBy(() -> admin.swarm.revoke(member.id(), "a\nb", Set.of()))
        .hasMessageContaining("no line breaks");
    assertThatThrownBy(
            () ->
                admin.swarm.invite(
                    new InviteTerms(Role.granted("admin"), Set.of(), Optional.empty()),
                    Duration.ofHours(1)))
        .hasMessageContaining("only the swarm's owner makes admins");

    admin.swarm.revoke(member.id(), "left the team", Set.of());
    await().until(() -> !owner.isConnectedWith(member) && !knows(owner, member.id()));
  }

  @Test
  void revokedAdmin_takesThoseItLetInWithIt_exceptWhoIsNamed() throws Exception {
    TestNode owner = node("owner");
    TestNode admin = node("admin");
    TestNode kept = node("kept");
    TestNode lost = node("lost");
    owner.admit(admin, "admin", Role.granted("admin"));
    admin.owner = Optional.empty();
    admin.admit(kept, "kept");
    admin.admit(lost, "lost");
    await().until(() -> owner.isConnectedWith(kept) && owner.isConnectedWith(lost));
    assertThat(owner.membership.admittedBy(admin.id()))
        .containsExactlyInAnyOrder(kept.id(), lost.id());

    owner.swarm.revoke(admin.id(), "key leaked", Set.of(kept.id()));

    await().until(() -> !owner.isConnectedWith(lost) && !owner.isConnectedWith(admin));
    assertThat(owner.isConnectedWith(kept)).isTrue();
    // It may go on believing in itself; nobody takes what it gives.
    await().until(() -> admin.membership.revocation().isPresent());
    assertThatThrownBy(() -> admin.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1)))
        .hasMessageContaining("no admin");
  }

  @Test
  void leave_isKnownToAll_andFoundsASwarmOfOne() throws Exception {
    TestNode owner = node("owner");
    TestNode friend = node("friend");
    owner.admit(friend, "friend");
    var before = owner.membership.swarm();
    friend.swarm.leave(Identity.generate(new SecureRandom()), "friend");
    await().until(() -> !owner.isConnectedWith(friend) && !knows(owner, friend.id()));
    assertThat(friend.membership.swarm()).isNotEqualTo(before);
    assertThat(friend.membership.others()).isEmpty();
    // Who left may be asked back by an ordinary invite.
    owner.admit(friend, "friend");
    assertThat(owner.isConnectedWith(friend)).isTrue();
  }

  @Test
  void clocksThatAreFarApart_areNamedByBothSides() throws Exception {
    TestNode owner = node("owner");
    TestNode friend = node("friend");
    owner.admit(friend, "friend");
    friend.clock.move(Duration.ofMinutes(7));
    friend.swarm.disconnect(owner.id());
    owner.swarm.disconnect(friend.id());
    await()
        .until(
            () ->
                friend.swarm.troubles().getOrDefault(owner.id(), "").contains("7 min ahead of")
                    || owner
                        .swarm
                        .troubles()
                        .getOrDefault(friend.id(), "")
                        .contains("7 min behind"));
    friend.clock.move(Duration.ofMinutes(-7));
  }

  @Test
  void certificateThatIsAboutToExpire_isRenewed_byOwnerAndByAdmin() throws Exception {
    TestNode owner = node("owner");
    TestNode friend = node("friend");
    owner.admit(friend, "friend");
    var ownersFirst = owner.membership.own().notAfter();
    var friendsFirst = friend.membership.own().notAfter();
    owner.clock.move(Duration.ofDays(300));
    friend.clock.move(Duration.ofDays(300));
    await().until(() -> owner.membership.own().notAfter().isAfter(ownersFirst));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> friend.membership.own().notAfter().isAfter(friendsFirst));
    assertThat(friend.membership.own().leaf().roles()).containsExactly(Role.MEMBER);
    assertThat(friend.membership.own().leaf().name()).isEqualTo("friend");
  }

  @Test
  void listeningAddress_isNoWayIntoAnotherSwarm() throws Exception {
    TestNode owner = node("owner");
    TestNode stranger = new TestNode("stranger", addresses(owner));
    nodes.add(stranger);
    await().until(() -> stranger.swarm.troubles().containsKey(owner.id()));
    assertThat(owner.isConnectedWith(stranger)).isFalse();
  }

  private static List<Multiaddr> addresses(TestNode node) {
    return node.swarm.listenAddresses().stream()
        .map(address -> address.withPeerId(node.id()))
        .toList();
  }
}
