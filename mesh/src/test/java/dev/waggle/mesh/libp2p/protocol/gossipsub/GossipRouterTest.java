package dev.waggle.mesh.libp2p.protocol.gossipsub;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** The rules of gossipsub, one by one, on one router with scripted neighbours. */
class GossipRouterTest {
  private static final String TOPIC = "bees";
  private static final long SECOND = 1_000_000_000L;

  private final List<Effect> effects = new ArrayList<>();
  private GossipRouter router = router(GossipParameters.DEFAULT, Set.of());
  private long now;
  private long sequence;

  private static PeerId peer(int number) {
    return PeerId.ofPublicKey(ByteBuffer.allocate(PeerId.PUBLIC_KEY_BYTES).putInt(number).array());
  }

  private GossipRouter router(GossipParameters parameters, Set<PeerId> direct) {
    return new GossipRouter(
        peer(0),
        parameters,
        direct,
        id -> ByteString.copyFromUtf8("record of " + id),
        new SplittableRandom(7),
        0);
  }

  private void take(List<Effect> more) {
    effects.addAll(more);
  }

  private void connect(int number, PeerState.Kind kind, boolean outbound) {
    take(router.onPeer(peer(number), kind, outbound, ""));
    Rpc hello = new Rpc();
    hello.subscriptions.add(new Rpc.Subscription(TOPIC, true));
    say(number, hello);
  }

  private void connect(int from, int to) {
    for (int i = from; i <= to; i++) {
      connect(i, PeerState.Kind.MESH_DONT_WANT, true);
    }
  }

  private void say(int number, Rpc rpc) {
    take(router.onRpc(peer(number), rpc, now));
  }

  private void graft(int number) {
    Rpc rpc = new Rpc();
    rpc.grafts.add(TOPIC);
    say(number, rpc);
  }

  private void beat(int times) {
    for (int i = 0; i < times; i++) {
      now += SECOND;
      take(router.onHeartbeat(now));
    }
  }

  private Message message(int author, int bytes) {
    ByteString from = ByteString.copyFrom(peer(author).multihash());
    ByteString id =
        from.concat(ByteString.copyFrom(ByteBuffer.allocate(8).putLong(sequence++).array()));
    ByteString data = ByteString.copyFrom(new byte[bytes]);
    return new Message(id, from, TOPIC, data, id.concat(data));
  }

  private void bring(int number, Message message) {
    Rpc rpc = new Rpc();
    rpc.messages.add(message);
    say(number, rpc);
  }

  private void bringAndJudge(int number, Message message, Judgement judgement) {
    bring(number, message);
    take(router.onJudged(message, judgement, now));
  }

  /** To whom something goes, and forgets all effects so far. */
  private List<PeerId> receivers(Predicate<Rpc> what) {
    List<PeerId> found =
        effects.stream()
            .filter(Effect.Send.class::isInstance)
            .map(Effect.Send.class::cast)
            .filter(send -> what.test(send.rpc()))
            .map(Effect.Send::to)
            .toList();
    effects.clear();
    return found;
  }

  private List<PeerId> receivers(Message message) {
    return receivers(rpc -> rpc.messages.contains(message));
  }

  private long count(Class<? extends Effect> kind) {
    return effects.stream().filter(kind::isInstance).count();
  }

  private void join() {
    take(router.join(TOPIC, now));
  }

  // ---- meshes

  @Test
  void join_graftsAsManyAsWanted() {
    connect(1, 20);
    effects.clear();
    join();
    assertThat(router.mesh(TOPIC)).hasSize(6);
    assertThat(receivers(rpc -> rpc.grafts.contains(TOPIC)))
        .containsExactlyInAnyOrderElementsOf(router.mesh(TOPIC));
  }

  @Test
  void heartbeat_fillsAMeshThatLostMembers() {
    connect(1, 20);
    join();
    List<PeerId> first = router.mesh(TOPIC);
    first.subList(0, 4).forEach(id -> take(router.onPeerGone(id, now)));
    beat(1);
    assertThat(router.mesh(TOPIC)).hasSize(6).doesNotContainAnyElementsOf(first.subList(0, 4));
  }

  @Test
  void tooManyMembers_areCutToTheTarget_withBackoffAndExchange() {
    router = router(GossipParameters.DEFAULT.with(true, true), Set.of());
    join();
    for (int i = 1; i <= 12; i++) {
      connect(i, PeerState.Kind.MESH, false);
      graft(i);
    }
    for (int i = 13; i <= 16; i++) {
      connect(i, PeerState.Kind.MESH, true);
      graft(i);
    }
    assertThat(router.mesh(TOPIC)).hasSize(16);
    effects.clear();
    beat(1);
    assertThat(router.mesh(TOPIC)).hasSize(6);
    assertThat(router.mesh(TOPIC).stream().filter(id -> number(id) >= 13).count())
        .as("dialled ones")
        .isGreaterThanOrEqualTo(2);
    assertThat(
            receivers(
                rpc ->
                    rpc.prunes.stream()
                        .anyMatch(
                            prune -> prune.backoffSeconds() == 60 && prune.peers().size() >= 15)))
        .hasSize(10);
  }

  private static int number(PeerId id) {
    return ByteBuffer.wrap(id.publicKey()).getInt();
  }

  @Test
  void graftIntoAFullMesh_onlyOfOutbound() {
    join();
    for (int i = 1; i <= 12; i++) {
      connect(i, PeerState.Kind.MESH, false);
      graft(i);
    }
    connect(13, PeerState.Kind.MESH, false);
    effects.clear();
    graft(13);
    assertThat(router.mesh(TOPIC)).doesNotContain(peer(13));
    assertThat(receivers(rpc -> !rpc.prunes.isEmpty())).containsExactly(peer(13));
    connect(14, PeerState.Kind.MESH, true);
    graft(14);
    assertThat(router.mesh(TOPIC)).contains(peer(14));
  }

  @Test
  void graftOfAnUnknownTopic_isNotAnswered() {
    connect(1, 1);
    effects.clear();
    Rpc rpc = new Rpc();
    rpc.grafts.add("elsewhere");
    say(1, rpc);
    assertThat(effects).isEmpty();
  }

  @Test
  void graftDuringBackoff_isRefusedAndCounts() {
    join();
    connect(1, 1);
    for (int i = 0; i < 10; i++) {
      Rpc prune = new Rpc();
      prune.prunes.add(new Rpc.Prune(TOPIC, List.of(), 60));
      say(1, prune);
      effects.clear();
      graft(1);
      assertThat(receivers(rpc -> !rpc.prunes.isEmpty())).containsExactly(peer(1));
    }
    assertThat(router.mesh(TOPIC)).isEmpty();
    assertThat(router.score(peer(1))).isLessThan(-100);
  }

  @Test
  void prunedBy_isNotGraftedBeforeTheBackoffIsOver() {
    join();
    connect(1, 1);
    Rpc prune = new Rpc();
    prune.prunes.add(new Rpc.Prune(TOPIC, List.of(), 10));
    say(1, prune);
    beat(10);
    assertThat(router.mesh(TOPIC)).isEmpty();
    beat(5);
    assertThat(router.mesh(TOPIC)).containsExactly(peer(1));
  }

  @Test
  void exchange_isFollowedFromGoodPeersOnly() {
    join();
    connect(1, 1);
    Rpc prune = new Rpc();
    prune.prunes.add(
        new Rpc.Prune(
            TOPIC,
            List.of(new Rpc.ExchangedPeer(ByteString.copyFromUtf8("x"), ByteString.EMPTY)),
            60));
    say(1, prune);
    assertThat(count(Effect.Meet.class)).isZero();
    for (int i = 0; i < 30; i++) {
      bringAndJudge(1, message(5, 10), Judgement.ACCEPTED);
    }
    say(1, prune);
    assertThat(count(Effect.Meet.class)).isEqualTo(1);
  }

  @Test
  void leave_prunesWithTheShorterBackoff() {
    join();
    connect(1, 3);
    effects.clear();
    take(router.leave(TOPIC, now));
    assertThat(
            receivers(
                rpc ->
                    rpc.prunes.get(0).backoffSeconds() == 10
                        && !rpc.subscriptions.get(0).subscribe()))
        .hasSize(3);
  }

  @Test
  void badScores_leaveTheMesh() {
    join();
    connect(1, 5);
    bringAndJudge(1, message(9, 10), Judgement.REJECTED);
    beat(1);
    assertThat(router.mesh(TOPIC)).hasSize(4).doesNotContain(peer(1));
  }

  @Test
  void aMeshOfLowScores_getsBetterMembers() {
    join();
    connect(1, 6);
    connect(7, 9);
    for (int i = 0; i < 8; i++) {
      bringAndJudge(8, message(30, 10), Judgement.ACCEPTED);
    }
    assertThat(router.mesh(TOPIC)).doesNotContain(peer(8));
    beat(61);
    assertThat(router.mesh(TOPIC)).contains(peer(8));
  }

  // ---- messages

  @Test
  void message_goesToTheMeshOnceJudged_notBackNorToItsAuthor() {
    join();
    connect(1, 4);
    Message message = message(3, 10);
    effects.clear();
    bring(1, message);
    bring(2, message);
    assertThat(count(Effect.Validate.class)).isEqualTo(1);
    take(router.onJudged(message, Judgement.ACCEPTED, now));
    assertThat(count(Effect.Deliver.class)).isEqualTo(1);
    assertThat(receivers(message)).containsExactly(peer(4));
    bring(4, message);
    assertThat(effects).isEmpty();
  }

  @Test
  void forgery_doesNotTakeThePlaceOfTheTrueMessage() {
    join();
    connect(1, 3);
    Message truth = message(9, 10);
    Message forged =
        new Message(
            truth.id(), truth.from(), TOPIC, truth.data(), ByteString.copyFromUtf8("forged"));
    bringAndJudge(1, forged, Judgement.FORGED);
    effects.clear();
    bringAndJudge(2, truth, Judgement.ACCEPTED);
    assertThat(count(Effect.Deliver.class)).isEqualTo(1);
    assertThat(router.score(peer(1))).isNegative();
    assertThat(router.score(peer(2))).isPositive();
  }

  @Test
  void ignored_blamesNobody_rejectedBlamesEveryBringer() {
    join();
    connect(1, 3);
    bringAndJudge(1, message(9, 10), Judgement.IGNORED);
    assertThat(router.score(peer(1))).isZero();
    Message wrong = message(9, 10);
    bringAndJudge(1, wrong, Judgement.REJECTED);
    bring(2, wrong);
    assertThat(router.score(peer(1))).isNegative();
    assertThat(router.score(peer(2))).isEqualTo(router.score(peer(1)));
    assertThat(count(Effect.Deliver.class)).isZero();
  }

  @Test
  void unjudged_mayComeAgain() {
    join();
    connect(1, 2);
    Message message = message(9, 10);
    bringAndJudge(1, message, Judgement.UNJUDGED);
    assertThat(router.score(peer(1))).isZero();
    bringAndJudge(2, message, Judgement.ACCEPTED);
    assertThat(count(Effect.Deliver.class)).isEqualTo(1);
  }

  @Test
  void graylisted_isNotHeard() {
    join();
    connect(1, 1);
    for (int i = 0; i < 10; i++) {
      bringAndJudge(1, message(9, 10), Judgement.REJECTED);
    }
    assertThat(router.isGraylisted(peer(1))).isTrue();
    effects.clear();
    bring(1, message(9, 10));
    assertThat(effects).isEmpty();
    take(router.onPeerGone(peer(1), now));
    connect(1, 1);
    assertThat(router.isGraylisted(peer(1))).as("a reconnection forgives nothing").isTrue();
  }

  @Test
  void ownMessages_goToEverySubscriber_orOnlyToTheMesh() {
    join();
    connect(1, 20);
    effects.clear();
    Message flooded = message(0, 10);
    take(router.publish(flooded, now));
    assertThat(receivers(flooded)).hasSize(20);
    router = router(GossipParameters.DEFAULT.with(false, false), Set.of());
    join();
    connect(1, 20);
    effects.clear();
    Message meshed = message(0, 10);
    take(router.publish(meshed, now));
    assertThat(receivers(meshed)).containsExactlyInAnyOrderElementsOf(router.mesh(TOPIC));
  }

  @Test
  void publishingWithoutSubscription_usesTheSameFanOut() {
    router = router(GossipParameters.DEFAULT.with(false, false), Set.of());
    connect(1, 20);
    Message first = message(0, 10);
    take(router.publish(first, now));
    List<PeerId> fanOut = receivers(first);
    assertThat(fanOut).hasSize(6);
    Message second = message(0, 10);
    take(router.publish(second, now));
    assertThat(receivers(second)).containsExactlyInAnyOrderElementsOf(fanOut);
    join();
    assertThat(router.mesh(TOPIC)).containsExactlyInAnyOrderElementsOf(fanOut);
  }

  @Test
  void floodsubNeighbour_getsMessagesAndNoControl() {
    join();
    connect(1, PeerState.Kind.FLOODSUB, true);
    connect(2, 9);
    effects.clear();
    Message message = message(30, 10);
    bringAndJudge(2, message, Judgement.ACCEPTED);
    assertThat(receivers(message)).contains(peer(1));
    assertThat(router.mesh(TOPIC)).doesNotContain(peer(1));
  }

  @Test
  void directPeer_getsEverythingOutsideTheMesh() {
    router = router(GossipParameters.DEFAULT, Set.of(peer(1)));
    join();
    connect(1, 9);
    assertThat(router.mesh(TOPIC)).doesNotContain(peer(1));
    effects.clear();
    graft(1);
    assertThat(receivers(rpc -> !rpc.prunes.isEmpty())).containsExactly(peer(1));
    Message message = message(30, 10);
    bringAndJudge(2, message, Judgement.ACCEPTED);
    assertThat(receivers(message)).contains(peer(1));
  }

  // ---- gossip

  @Test
  void heartbeat_tellsOthersOutsideTheMesh_andServesWhatTheyAskFor_threeTimes() {
    join();
    connect(1, 20);
    Message message = message(30, 10);
    bringAndJudge(1, message, Judgement.ACCEPTED);
    effects.clear();
    beat(1);
    List<PeerId> told =
        receivers(rpc -> rpc.iHaves.stream().anyMatch(iHave -> iHave.ids().contains(message.id())));
    assertThat(told).hasSize(6).doesNotContainAnyElementsOf(router.mesh(TOPIC));
    Rpc wish = new Rpc();
    wish.iWants.add(message.id());
    for (int i = 0; i < 5; i++) {
      say(number(told.get(0)), wish);
    }
    assertThat(receivers(message)).hasSize(3);
  }

  @Test
  void missingMessages_areAskedFor_andBrokenPromisesCount() {
    join();
    connect(1, 2);
    for (int round = 0; round < 8; round++) {
      Rpc lie = new Rpc();
      ByteString missing = message(9, 1).id();
      lie.iHaves.add(new Rpc.IHave(TOPIC, List.of(missing)));
      effects.clear();
      say(1, lie);
      assertThat(receivers(rpc -> rpc.iWants.contains(missing))).containsExactly(peer(1));
      Rpc offer = new Rpc();
      Message kept = message(9, 1);
      offer.iHaves.add(new Rpc.IHave(TOPIC, List.of(kept.id())));
      say(2, offer);
      bringAndJudge(2, kept, Judgement.ACCEPTED);
      beat(1);
    }
    beat(4);
    assertThat(router.score(peer(1))).isLessThan(-100);
    assertThat(router.score(peer(2))).isPositive();
  }

  @Test
  void announcementFlood_isCutOff() {
    join();
    connect(1, 1);
    effects.clear();
    int asked = 0;
    for (int i = 0; i < 100; i++) {
      Rpc flood = new Rpc();
      List<ByteString> ids = new ArrayList<>();
      for (int j = 0; j < 1_000; j++) {
        ids.add(message(9, 1).id());
      }
      flood.iHaves.add(new Rpc.IHave(TOPIC, ids));
      say(1, flood);
    }
    for (Effect effect : effects) {
      asked += ((Effect.Send) effect).rpc().iWants.size();
    }
    assertThat(asked).isEqualTo(Gossip.IDS_MAX);
  }

  @Test
  void largeMessage_isAnnouncedAsNotWanted_andNotSentToWhomDoesNotWantIt() {
    join();
    connect(1, 3);
    connect(4, PeerState.Kind.MESH, true);
    Message large = message(30, 2_000);
    effects.clear();
    bringAndJudge(1, large, Judgement.ACCEPTED);
    assertThat(receivers(rpc -> rpc.iDontWants.contains(large.id())))
        .containsExactlyInAnyOrder(peer(2), peer(3));
    Message other = message(30, 2_000);
    Rpc unwanted = new Rpc();
    unwanted.iDontWants.add(other.id());
    say(2, unwanted);
    assertThat(count(Effect.Withdraw.class)).isEqualTo(1);
    bringAndJudge(1, other, Judgement.ACCEPTED);
    assertThat(receivers(other)).containsExactlyInAnyOrder(peer(3), peer(4));
  }

  @Test
  void unwantedFlood_isBounded() {
    join();
    connect(1, 1);
    for (int i = 0; i < 10; i++) {
      Rpc flood = new Rpc();
      for (int j = 0; j < 1_000; j++) {
        flood.iDontWants.add(message(9, 1).id());
      }
      effects.clear();
      say(1, flood);
      assertThat(effects).hasSize(i == 0 ? 1 : 0);
    }
  }

  @Test
  void subscriptionFlood_isBounded() {
    connect(1, 1);
    Rpc flood = new Rpc();
    for (int i = 0; i < 1_000; i++) {
      flood.subscriptions.add(new Rpc.Subscription("topic " + i, true));
    }
    say(1, flood);
    long noted = 0;
    for (int i = 0; i < 1_000; i++) {
      noted += router.subscribers("topic " + i).size();
    }
    assertThat(noted).isEqualTo(PeerState.TOPICS_MAX - 1);
  }

  /** Found by the fuzzer. */
  @Test
  void unsubscriptionFromATopicThatThisNodeDoesNotHave_isNothing() {
    connect(1, 1);
    Rpc rpc = new Rpc();
    rpc.subscriptions.add(new Rpc.Subscription("elsewhere", true));
    rpc.subscriptions.add(new Rpc.Subscription("elsewhere", false));
    say(1, rpc);
    assertThat(router.subscribers("elsewhere")).isEmpty();
    assertThat(router.subscribers(TOPIC)).containsExactly(peer(1));
  }

  @Test
  void everyEffect_isKnownHere() {
    assertThat(Effect.class.getPermittedSubclasses())
        .containsExactlyInAnyOrder(
            Effect.Send.class,
            Effect.Withdraw.class,
            Effect.Validate.class,
            Effect.Deliver.class,
            Effect.Subscribed.class,
            Effect.Meet.class);
  }
}
