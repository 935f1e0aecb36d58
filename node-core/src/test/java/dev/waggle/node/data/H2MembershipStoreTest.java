package dev.waggle.node.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.JoinRefusal;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipStore;
import dev.waggle.mesh.swarm.membership.MembershipStore.Redemption;
import dev.waggle.mesh.swarm.membership.Revocation;
import dev.waggle.mesh.swarm.membership.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class H2MembershipStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final byte[] SECRET = {1, 2, 3};

  private @TempDir Path directory;
  private NodeDatabase database;
  private H2MembershipStore store;

  @BeforeEach
  void open() throws Exception {
    database = NodeDatabase.open(directory.resolve("node.mv.db"));
    store = new H2MembershipStore(database);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private void reopen() throws Exception {
    database.close();
    open();
  }

  private static Identity identity() {
    return Identity.generate(new SecureRandom());
  }

  private Membership found(Identity identity, Identity owner, MembershipStore in) throws Exception {
    return Membership.found(
        new Membership.Keys(identity, () -> Optional.of(owner)),
        owner,
        "node",
        in,
        Clock.systemUTC());
  }

  private CertificateChain found(Identity identity) throws Exception {
    return found(identity, identity(), store).own();
  }

  @Test
  void emptyStore_hasNothing() {
    assertThat(store.ownChain()).isEmpty();
    assertThat(store.members()).isEmpty();
  }

  @Test
  void whatIsWritten_isThereAfterReopening() throws Exception {
    CertificateChain own = found(identity());
    CertificateChain other = found(identity(), identity(), new H2MembershipStore(scratch())).own();
    List<Multiaddr> addresses =
        List.of(Multiaddr.parse("/ip4/10.0.0.1/tcp/4301"), Multiaddr.parse("/ip6/::1/tcp/1"));
    store.save(new MembershipStore.Member(other, List.of()));
    store.save(new MembershipStore.Member(other, addresses));
    reopen();
    assertThat(store.ownChain().orElseThrow().bytes()).isEqualTo(own.bytes());
    assertThat(store.members()).hasSize(1);
    assertThat(store.members().get(0).chain().bytes()).isEqualTo(other.bytes());
    assertThat(store.members().get(0).addresses()).isEqualTo(addresses);
  }

  private NodeDatabase scratch() throws Exception {
    return NodeDatabase.open(Files.createTempDirectory(directory, "other").resolve("node.mv.db"));
  }

  @Test
  void invite_isRedeemedOnce_byTheSameJoinerAgain_andNeverAfterItsExpiry() throws Exception {
    Identity first = identity();
    Identity second = identity();
    store.saveInvite(SECRET, NOW, InviteTerms.MEMBER);
    assertThat(store.redeem(SECRET, first.peerId(), NOW))
        .isEqualTo(new Redemption.Refused(JoinRefusal.EXPIRED));
    assertThat(store.redeem(SECRET, first.peerId(), NOW.minusMillis(1)))
        .isEqualTo(new Redemption.Redeemed(InviteTerms.MEMBER));
    reopen();
    assertThat(store.redeem(SECRET, second.peerId(), NOW.minusMillis(1)))
        .isEqualTo(new Redemption.Refused(JoinRefusal.USED));
    assertThat(store.redeem(SECRET, first.peerId(), NOW.plusSeconds(60)))
        .isEqualTo(new Redemption.Redeemed(InviteTerms.MEMBER));
    assertThat(store.redeem(new byte[] {9}, first.peerId(), NOW))
        .isEqualTo(new Redemption.Refused(JoinRefusal.UNKNOWN));
  }

  @Test
  void invite_broughtByManyAtOnce_isOnesOnly() throws Exception {
    store.saveInvite(SECRET, NOW, InviteTerms.MEMBER);
    List<CompletableFuture<Redemption>> all = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      Identity joiner = identity();
      all.add(
          CompletableFuture.supplyAsync(
              () -> store.redeem(SECRET, joiner.peerId(), NOW.minusSeconds(1))));
    }
    int redeemed = 0;
    for (CompletableFuture<Redemption> each : all) {
      redeemed += each.get(20, TimeUnit.SECONDS) instanceof Redemption.Redeemed ? 1 : 0;
    }
    assertThat(redeemed).isEqualTo(1);
  }

  @Test
  void enteringAnotherSwarm_forgetsMembersAndInvitesOfTheFirst() throws Exception {
    found(identity());
    store.saveInvite(SECRET, NOW, InviteTerms.MEMBER);
    found(identity());
    assertThat(store.members()).isEmpty();
    assertThat(store.redeem(SECRET, identity().peerId(), NOW.minusSeconds(1)))
        .isEqualTo(new Redemption.Refused(JoinRefusal.UNKNOWN));
  }

  @Test
  void boundInvite_givesItsRoles_toItsPeerOnly() throws Exception {
    Identity friend = identity();
    InviteTerms terms =
        new InviteTerms(Role.granted("admin"), Set.of(), Optional.of(friend.peerId()));
    store.saveInvite(SECRET, NOW, terms);
    assertThat(store.redeem(SECRET, identity().peerId(), NOW.minusSeconds(1)))
        .isEqualTo(new Redemption.Refused(JoinRefusal.ANOTHERS));
    assertThat(store.redeem(SECRET, friend.peerId(), NOW.minusSeconds(1)))
        .isEqualTo(new Redemption.Redeemed(terms));
  }

  @Test
  void revocations_areKeptUntilAnotherSwarmIsEntered_departuresForEver() throws Exception {
    Membership membership = found(identity(), identity(), store);
    Revocation first = membership.revoke(identity().peerId(), "first", Set.of());
    Revocation second = membership.revoke(identity().peerId(), "second", Set.of());
    assertThat(store.revocations()).extracting(Revocation::reason).contains("first", "second");
    membership.leave(identity(), "node", departure -> {});
    reopen();
    assertThat(store.revocations()).isEmpty();
    assertThat(store.departures()).hasSize(1);
    assertThat(first.subject()).isNotEqualTo(second.subject());
  }

  @Test
  void damagedFile_isNamed() throws Exception {
    Path file = directory.resolve("broken.mv.db");
    Files.write(file, new byte[8_192]);
    assertThatThrownBy(() -> NodeDatabase.open(file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(file.toString());
  }
}
