package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.ProtocolRefusedException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.StreamReader;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.MembershipStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SwarmTest {
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  private TestNode node(String name) throws IOException {
    TestNode node = new TestNode(name);
    open.add(node);
    return node;
  }

  private static void join(TestNode node, Invite invite) throws Exception {
    node.swarm.join(invite, "joiner").get(20, TimeUnit.SECONDS);
  }

  @Test
  void join_withFreshInvite_connectsBothAndShowsWhatTheyCanDo() throws Exception {
    TestNode owner = node("owner");
    TestNode joiner = node("joiner");
    owner.admit(joiner, "joiner");

    await().until(() -> owner.seesCapabilityOf(joiner) && joiner.seesCapabilityOf(owner));
    assertThat(joiner.membership.swarm()).isEqualTo(owner.membership.swarm());
    assertThat(owner.swarm.peers().peer(joiner.id()).orElseThrow().name()).isEqualTo("joiner");
    await()
        .untilAsserted(
            () ->
                assertThat(owner.swarm.peers().peer(joiner.id()).orElseThrow().roundTrip())
                    .isPresent());
  }

  @Test
  void thirdMember_isFoundByTheSecondThroughAdverts_andConnectedDirectly() throws Exception {
    TestNode owner = node("owner");
    TestNode second = node("second");
    TestNode third = node("third");
    owner.admit(second, "second");
    owner.admit(third, "third");
    await().until(() -> second.isConnectedWith(third) && third.isConnectedWith(second));
    assertThat(second.membership.others()).hasSize(2);
  }

  @Test
  void changedCapability_reachesTheOthersSoon() throws Exception {
    TestNode owner = node("owner");
    TestNode joiner = node("joiner");
    owner.admit(joiner, "joiner");
    await().until(() -> joiner.seesCapabilityOf(owner));
    owner.capability = TestNode.capability("owner", 7);
    owner.swarm.capabilityChanged();
    await()
        .atMost(Duration.ofSeconds(5))
        .until(
            () ->
                joiner
                        .swarm
                        .peers()
                        .peer(owner.id())
                        .flatMap(peer -> peer.capability())
                        .map(Capability::slots)
                        .orElse(0)
                    == 7);
  }

  @Test
  void memberThatLeaves_isGoneFromTheViewAtOnce() throws Exception {
    TestNode owner = node("owner");
    TestNode joiner = node("joiner");
    owner.admit(joiner, "joiner");
    await().until(() -> owner.seesCapabilityOf(joiner));
    joiner.close();
    await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> owner.swarm.peers().peer(joiner.id()).isEmpty());
  }

  @Test
  void frozenMember_ofTwenty_isGoneFromEveryView_andBackWhenItThaws() throws Exception {
    TestNode owner = node("owner");
    List<TestNode> nodes = new ArrayList<>(List.of(owner));
    for (int i = 1; i < 20; i++) {
      TestNode joiner = node("n" + i);
      owner.admit(joiner, "n" + i);
      nodes.add(joiner);
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                nodes.stream()
                    .allMatch(
                        one ->
                            nodes.stream()
                                .allMatch(
                                    other ->
                                        one == other
                                            || (one.isConnectedWith(other)
                                                && one.seesCapabilityOf(other)))));
    TestNode frozen = nodes.get(7);
    frozen.freeze();
    List<TestNode> others = nodes.stream().filter(node -> node != frozen).toList();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> others.stream().allMatch(node -> node.swarm.peers().peer(frozen.id()).isEmpty()));
    assertThat(others).allSatisfy(node -> assertThat(node.swarm.peers().peers()).hasSize(18));
    frozen.thaw();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> others.stream().allMatch(node -> node.seesCapabilityOf(frozen)));
  }

  @Test
  void lostConnection_isMadeAgain() throws Exception {
    TestNode owner = node("owner");
    TestNode joiner = node("joiner");
    owner.admit(joiner, "joiner");
    // What a network does: the connection dies and nobody says a word.
    await().until(() -> owner.isConnectedWith(joiner));
    owner.swarm.disconnect(joiner.id());
    await().until(() -> owner.isConnectedWith(joiner) && joiner.isConnectedWith(owner));
  }

  @Test
  void connectionThatBreaksBeforeAnAnswer_isNoRefusal_andIsMadeAgain() throws Exception {
    Libp2pHost breaking =
        Libp2pHost.start(
            Identity.generate(new SecureRandom()),
            List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")));
    open.add(breaking);
    AtomicInteger hellos = new AtomicInteger();
    breaking.handle(
        "/waggle/hello/1",
        stream -> {
          hellos.incrementAndGet();
          stream.connection().close();
          return new Silent();
        });
    TestNode node =
        new TestNode(
            "node", List.of(breaking.listenAddresses().get(0).withPeerId(breaking.peerId())));
    open.add(node);
    await().atMost(Duration.ofSeconds(20)).until(() -> hellos.get() >= 3);
    assertThat(node.swarm.troubles().get(breaking.peerId())).contains("broke off the exchange");
  }

  @Test
  void joined_knowsAtOnceWhereItsIssuerIs() throws Exception {
    TestNode owner = node("owner");
    TestNode joiner = node("joiner");
    owner.admit(joiner, "joiner");
    MembershipStore.Member issuer = joiner.membership.others().get(0);
    assertThat(issuer.addresses()).isEqualTo(owner.swarm.listenAddresses());
  }

  @Test
  void join_withUsedInvite_isRefused() throws Exception {
    TestNode owner = node("owner");
    Invite invite = owner.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1));
    join(node("first"), invite);
    TestNode second = node("second");
    assertThatThrownBy(() -> join(second, invite))
        .hasCauseInstanceOf(MembershipException.class)
        .hasMessageContaining("the invite was used already");
    assertThat(second.membership.swarm()).isNotEqualTo(owner.membership.swarm());
  }

  @Test
  void join_withOneInviteByManyAtOnce_admitsExactlyOne() throws Exception {
    TestNode owner = node("owner");
    Invite invite = owner.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1));
    List<CompletableFuture<Boolean>> results = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      TestNode joiner = node("joiner" + i);
      results.add(joiner.swarm.join(invite, "joiner").handle((joined, failure) -> failure == null));
    }
    int joined = 0;
    for (CompletableFuture<Boolean> each : results) {
      joined += each.get(30, TimeUnit.SECONDS) ? 1 : 0;
    }
    assertThat(joined).isEqualTo(1);
    assertThat(owner.membership.others()).hasSize(1);
  }

  @Test
  void join_withExpiredInvite_isRefused() throws Exception {
    TestNode owner = node("owner");
    Invite invite = owner.swarm.invite(InviteTerms.MEMBER, Duration.ofMinutes(1));
    owner.clock.move(Duration.ofMinutes(1));
    TestNode joiner = node("joiner");
    assertThatThrownBy(() -> join(joiner, invite)).hasMessageContaining("the invite has expired");
  }

  @Test
  void join_whenIssuerIsGone_saysSo() throws Exception {
    TestNode owner = node("owner");
    Invite invite = owner.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1));
    owner.close();
    TestNode joiner = node("joiner");
    assertThatThrownBy(() -> join(joiner, invite))
        .hasMessageContaining("can only be redeemed at the node that made it")
        .hasMessageContaining(owner.id().toString());
  }

  @Test
  void join_withOwnInvite_isRefused() throws Exception {
    TestNode owner = node("owner");
    Invite invite = owner.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1));
    assertThatThrownBy(() -> join(owner, invite)).hasMessageContaining("this node made the invite");
  }

  @Test
  void join_ofNodeThatHasCompanions_isRefused() throws Exception {
    TestNode owner = node("owner");
    TestNode other = node("other");
    owner.admit(node("joiner"), "joiner");
    Invite invite = other.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1));
    assertThatThrownBy(() -> join(owner, invite))
        .hasMessageContaining("belongs to a swarm with 1 other member already");
  }

  @Test
  void join_withInviteMovedToAnotherIssuer_isRefused() throws Exception {
    TestNode owner = node("owner");
    TestNode other = node("other");
    Invite invite = owner.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1));
    Invite moved =
        new Invite(
            owner.membership.swarm(),
            other.id(),
            other.swarm.listenAddresses(),
            invite.secret(),
            invite.expiry(),
            Optional.empty());
    TestNode joiner = node("joiner");
    assertThatThrownBy(() -> join(joiner, moved)).hasMessageContaining("did not make it");
  }

  @Test
  void invite_byMemberThatIsNoAdmin_isRefused() throws Exception {
    TestNode owner = node("owner");
    TestNode joiner = node("joiner");
    owner.admit(joiner, "joiner");
    assertThatThrownBy(() -> joiner.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1)))
        .isInstanceOf(MembershipException.class)
        .hasMessageContaining("no admin");
  }

  @Test
  void inviteToken_afterRoundTrip_isTheSame_andMangledOnesAreRefused() throws Exception {
    TestNode owner = node("owner");
    Invite invite = owner.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1));
    String token = invite.token();
    Invite read = Invite.parse("  " + token + "\n");
    assertThat(read.token()).isEqualTo(token);
    assertThat(read.addresses()).isEqualTo(invite.addresses());
    assertThat(invite.toString()).doesNotContain(token.substring(20));
    for (String bad :
        List.of(
            "",
            "waggle1",
            "hello",
            token.substring(0, token.length() - 1),
            token.substring(0, 30) + "a" + token.substring(31) + "a",
            token + "!")) {
      assertThatThrownBy(() -> Invite.parse(bad)).isInstanceOf(MembershipException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/ipfs/id/1.0.0",
        "/ipfs/ping/1.0.0",
        "/floodsub/1.0.0",
        "/waggle/task/1",
        "/waggle/ledger/1"
      })
  void stranger_opensNothingButHelloAndJoin(String protocol) throws Exception {
    TestNode owner = node("owner");
    Libp2pHost stranger = Libp2pHost.start(Identity.generate(new SecureRandom()), List.of());
    open.add(stranger);
    Connection connection =
        stranger.connect(owner.id(), owner.swarm.listenAddresses()).get(10, TimeUnit.SECONDS);
    assertThatThrownBy(
            () -> connection.open(List.of(protocol), new Silent()).get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(ProtocolRefusedException.class);
    assertThat(owner.swarm.peers().peers()).isEmpty();
  }

  @Test
  void nodeOfAnotherSwarm_isNotAdmitted_andShownOut() throws Exception {
    TestNode owner = node("owner");
    TestNode foreign =
        new TestNode(
            "foreign", List.of(owner.swarm.listenAddresses().get(0).withPeerId(owner.id())));
    open.add(foreign);
    await().until(() -> foreign.swarm.troubles().containsKey(owner.id()));
    assertThat(foreign.swarm.troubles().get(owner.id())).contains("does not take this node");
    assertThat(owner.swarm.peers().peers()).isEmpty();
    assertThat(foreign.swarm.peers().peers()).isEmpty();
  }

  @Test
  void memberWhoseCertificateExpired_isNotAdmittedAgain() throws Exception {
    TestNode owner = node("owner");
    TestNode joiner = node("joiner");
    owner.admit(joiner, "joiner");
    await().until(() -> owner.isConnectedWith(joiner) && joiner.isConnectedWith(owner));
    owner.clock.move(Duration.ofDays(366));
    joiner.clock.move(Duration.ofDays(366));
    owner.swarm.disconnect(joiner.id());
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                owner.swarm.troubles().values().stream()
                        .anyMatch(trouble -> trouble.contains("has expired"))
                    || joiner.swarm.troubles().values().stream()
                        .anyMatch(trouble -> trouble.contains("does not take this node")));
    assertThat(owner.isConnectedWith(joiner)).isFalse();
  }

  @Test
  void garbageFromMember_resetsTheStreamAndNothingElse() throws Exception {
    TestNode owner = node("owner");
    TestNode joiner = node("joiner");
    owner.admit(joiner, "joiner");
    Connection connection = joiner.swarm.connection(owner.id()).orElseThrow();
    byte[] endlessLength = new byte[64];
    Arrays.fill(endlessLength, (byte) 0xff);
    byte[] noMessage = {4, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff};
    for (String protocol : List.of("/waggle/task/1", "/floodsub/1.0.0")) {
      for (byte[] garbage : List.of(endlessLength, noMessage)) {
        Silent reader = new Silent();
        Stream stream = connection.open(List.of(protocol), reader).get(10, TimeUnit.SECONDS);
        stream.write(ByteBuffer.wrap(garbage));
        reader.gone.get(10, TimeUnit.SECONDS);
      }
    }
    assertThat(connection.closed()).isNotDone();
    assertThat(owner.isConnectedWith(joiner)).isTrue();
  }

  /** Reads nothing and notes the end. */
  private static final class Silent implements StreamReader {
    final CompletableFuture<Void> gone = new CompletableFuture<>();

    @Override
    public void onData(Stream stream, ByteBuffer bytes) {
      // Nothing is expected.
    }

    @Override
    public void onEnd(Stream stream) {
      gone.complete(null);
    }

    @Override
    public void onReset(Stream stream) {
      gone.complete(null);
    }
  }

  @Test
  void settings_withPeerAddressWithoutPeerId_areRefused() {
    assertThatThrownBy(
            () ->
                new SwarmSettings(
                    List.of(), List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/4301")), false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("/p2p/");
  }

  @Test
  void join_cause_isTheMembershipExceptionItself() throws Exception {
    TestNode owner = node("owner");
    Invite invite = owner.swarm.invite(InviteTerms.MEMBER, Duration.ofHours(1));
    CompletableFuture<Void> joining = owner.swarm.join(invite, "me");
    assertThatThrownBy(joining::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(MembershipException.class);
  }
}
