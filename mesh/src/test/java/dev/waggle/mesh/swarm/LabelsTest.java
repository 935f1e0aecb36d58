package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferOutcome;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.Invite;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Labels between nodes: how they are granted, and what workers do about them. */
class LabelsTest {
  private static final Set<Label> TEAM = Set.of(new Label("team-a"));

  private TestNode owner;
  private TestNode friend;
  private TestNode third;

  @BeforeEach
  void open() throws Exception {
    owner = new TestNode("owner");
    friend = new TestNode("friend");
    third = new TestNode("third");
  }

  @AfterEach
  void close() {
    third.close();
    friend.close();
    owner.close();
  }

  private static OfferOutcome offer(TestNode from, TestNode to, Set<Label> labels)
      throws Exception {
    Offer offer =
        new Offer(
            TaskId.at(Instant.now()),
            new Requirements(TestNode.MODEL, labels),
            1_024,
            Duration.ofSeconds(60),
            Priority.NORMAL);
    return from.swarm.exchange().offer(to.id(), offer).get(10, TimeUnit.SECONDS);
  }

  private static boolean isTaken(TestNode from, TestNode to, Set<Label> labels) throws Exception {
    if (offer(from, to, labels) instanceof OfferOutcome.Declined declined) {
      assertThat(declined.reply().reason()).isEqualTo(OfferReply.Reason.LABELS);
      return false;
    }
    return true;
  }

  private static Set<Label> held(TestNode by, PeerId member) {
    return by.swarm.membership().others().stream()
        .map(each -> each.chain().leaf())
        .filter(leaf -> leaf.subject().equals(member))
        .findFirst()
        .map(leaf -> leaf.labels())
        .orElse(Set.of());
  }

  @Test
  void worker_takesALabelledRequest_onlyWhenBothSidesHoldTheLabel() throws Exception {
    Invite invite =
        owner.swarm.invite(
            new InviteTerms(Role.granted("member"), TEAM, Optional.empty()), Duration.ofHours(1));
    friend.swarm.join(invite, "friend").get(20, TimeUnit.SECONDS);
    owner.admit(third, "third");
    await().until(() -> friend.isConnectedWith(third) && owner.isConnectedWith(third));
    assertThat(friend.swarm.membership().own().leaf().labels()).isEqualTo(TEAM);

    // The friend says team-a although the worker does not hold it, and a stranger to it lies.
    assertThat(isTaken(friend, third, TEAM)).isFalse();
    assertThat(isTaken(third, friend, TEAM)).isFalse();
    assertThat(isTaken(third, friend, Set.of())).isTrue();
    assertThat(third.swarm.labels().missing(TEAM)).contains(new Label("team-a"));
    assertThat(friend.swarm.labels().obstacle(TEAM, third.id()).orElseThrow())
        .contains("does not hold")
        .contains("team-a");

    owner.swarm.label(third.id(), TEAM);
    await().until(() -> !third.swarm.membership().own().leaf().labels().isEmpty());
    await().until(() -> isTaken(third, friend, TEAM) && isTaken(friend, third, TEAM));
    assertThat(isTaken(third, friend, Set.of(Label.LAN_ONLY, new Label("repo:acme")))).isTrue();
    assertThat(isTaken(third, friend, Set.of(Label.OWNER_SELF))).isFalse();
  }

  @Test
  void labelTakenAway_isGoneEverywhere_whateverItsFormerHolderShows() throws Exception {
    owner.admit(friend, "friend");
    owner.admit(third, "third");
    await().until(() -> friend.isConnectedWith(third));
    owner.swarm.label(friend.id(), TEAM);
    owner.swarm.label(third.id(), TEAM);
    await().until(() -> held(third, friend.id()).equals(TEAM));
    await().until(() -> isTaken(friend, third, TEAM));
    CertificateChain withLabel = friend.swarm.membership().own();

    owner.swarm.label(friend.id(), Set.of());
    await()
        .atMost(Duration.ofSeconds(2))
        .until(() -> held(third, friend.id()).isEmpty() && !isTaken(friend, third, TEAM));
    // The connection on which the friend showed the older certificate is still the same; the
    // older one is valid, but does not come back by being shown again.
    third.swarm.membership().take(withLabel);
    assertThat(held(third, friend.id())).isEmpty();
    assertThat(isTaken(friend, third, TEAM)).isFalse();
    assertThat(friend.swarm.membership().own().leaf().labels()).isEmpty();
  }

  @Test
  void memberThatWasAway_getsItsLabels_atTheNextHello() throws Exception {
    owner.admit(friend, "friend");
    await().until(() -> owner.isConnectedWith(friend));
    // Made where nobody is told.
    owner.swarm.membership().label(friend.id(), TEAM);
    assertThat(friend.swarm.membership().own().leaf().labels()).isEmpty();
    owner.swarm.disconnect(friend.id());
    await().until(() -> friend.swarm.membership().own().leaf().labels().equals(TEAM));
  }

  @Test
  void labels_areGivenByThoseWhoMay_andOnlyThoseThatANodeCanHold() throws Exception {
    owner.admit(friend, "friend", Role.granted("admin"));
    owner.admit(third, "third");
    await().until(() -> friend.isConnectedWith(third));
    friend.swarm.label(third.id(), TEAM);
    await().until(() -> held(owner, third.id()).equals(TEAM));
    assertThatThrownBy(() -> third.swarm.label(third.id(), Set.of()))
        .isInstanceOf(MembershipException.class)
        .hasMessageContaining("no admin");
    assertThatThrownBy(() -> friend.swarm.label(owner.id(), TEAM))
        .isInstanceOf(MembershipException.class)
        .hasMessageContaining("owner");
    assertThatThrownBy(() -> owner.swarm.label(third.id(), Set.of(Label.LAN_ONLY)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("can hold");
    Set<Label> many =
        IntStream.rangeClosed(0, Label.OF_CERTIFICATE_MAX)
            .mapToObj(i -> new Label("l" + i))
            .collect(Collectors.toSet());
    assertThatThrownBy(() -> owner.swarm.label(third.id(), many))
        .hasMessageContaining("at most " + Label.OF_CERTIFICATE_MAX);
    owner.swarm.label(owner.id(), TEAM);
    assertThat(owner.swarm.membership().own().leaf().labels()).isEqualTo(TEAM);
    assertThat(owner.swarm.membership().own().leaf().roles()).contains(Role.ADMIN);
    assertThat(Collections.disjoint(held(owner, third.id()), TEAM)).isFalse();
  }
}
