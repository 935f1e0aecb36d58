package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferOutcome;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.membership.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A certificate's roles decide what is asked of a node, and what it may ask. */
class RolesTest {
  private TestNode member;
  private TestNode other;

  @BeforeEach
  void open() throws Exception {
    member = new TestNode("member");
    other = new TestNode("other");
  }

  @AfterEach
  void close() {
    other.close();
    member.close();
  }

  private static OfferOutcome offer(TestNode from, TestNode to) throws Exception {
    Offer offer =
        new Offer(
            TaskId.at(Instant.now()),
            new Requirements(TestNode.MODEL),
            1_024,
            Duration.ofSeconds(60),
            Priority.NORMAL);
    return from.swarm.exchange().offer(to.id(), offer).get(10, TimeUnit.SECONDS);
  }

  private static boolean isTaken(OfferOutcome outcome) {
    if (outcome instanceof OfferOutcome.Declined declined) {
      assertThat(declined.reply().reason()).isEqualTo(OfferReply.Reason.NOT_PERMITTED);
      return false;
    }
    return true;
  }

  @ParameterizedTest
  @CsvSource({
    "member, true, true",
    "admin, true, true",
    "worker, false, true",
    "requester, true, false",
    "coordinator, true, false",
    "relay, false, false"
  })
  void role_allowsWhatItSays(String role, boolean asks, boolean works) throws Exception {
    member.admit(other, "other", Role.granted(role));
    await().until(() -> other.isConnectedWith(member) && member.seesCapabilityOf(other));
    assertThat(isTaken(offer(other, member))).isEqualTo(asks);
    assertThat(isTaken(offer(member, other))).isEqualTo(works);
    assertThat(
            member
                .swarm
                .peers()
                .peer(other.id())
                .flatMap(peer -> peer.capability())
                .orElseThrow()
                .models()
                .isEmpty())
        .isEqualTo(!works);
  }

  @Test
  void unknownRole_isRefusedByName() {
    assertThatThrownBy(() -> Role.granted("boss"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"boss\"")
        .hasMessageContaining("requester");
  }
}
