package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.mesh.swarm.audit.AuditReply;
import dev.waggle.mesh.swarm.audit.AuditRequest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Questions about records between nodes; what the records say is tested where they are. */
class AuditTest {
  private TestNode owner;
  private TestNode friend;

  @BeforeEach
  void open() throws Exception {
    owner = new TestNode("owner");
    friend = new TestNode("friend");
    owner.admit(friend, "friend");
    await().until(() -> friend.isConnectedWith(owner) && owner.isConnectedWith(friend));
  }

  @AfterEach
  void close() {
    friend.close();
    owner.close();
  }

  private AuditReply ask(AuditRequest request) throws Exception {
    return friend.swarm.audits().ask(owner.id(), request).get(10, TimeUnit.SECONDS);
  }

  @Test
  void questionsAndAnswers_arriveAsTheyWere() throws Exception {
    byte[] hash = new byte[32];
    hash[3] = 7;
    for (AuditReply answer :
        List.of(
            new AuditReply.Cosigned("a"),
            new AuditReply.Known("b"),
            new AuditReply.Own("c"),
            new AuditReply.Refused())) {
      owner.audits.answer = answer;
      assertThat(ask(new AuditRequest.Submit("note", 5, List.of(hash)))).isEqualTo(answer);
    }
    AuditRequest.Submit heard = (AuditRequest.Submit) owner.audits.requests.get(0);
    assertThat(heard.note()).isEqualTo("note");
    assertThat(heard.provedFrom()).isEqualTo(5);
    assertThat(heard.proof()).hasSize(1);
    assertThat(heard.proof().get(0)).isEqualTo(hash);
    ask(new AuditRequest.At(9));
    assertThat(owner.audits.requests.get(4)).isEqualTo(new AuditRequest.At(9));
    assertThat(friend.swarm.audits().connected()).containsExactly(owner.id());
  }

  @Test
  void whatIsNoProof_cannotBeAsked() {
    assertThatThrownBy(() -> new AuditRequest.Submit("n", 1, List.of(new byte[31])))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new AuditRequest.At(-1)).isInstanceOf(IllegalArgumentException.class);
    TestNode stranger = owner;
    assertThatThrownBy(
            () ->
                owner
                    .swarm
                    .audits()
                    .ask(stranger.id(), new AuditRequest.At(1))
                    .get(1, TimeUnit.SECONDS))
        .hasMessageContaining("not connected");
  }

  @Test
  void fork_isToldToAll_andWhatProvesNoneIsNotPassedOn() {
    owner.swarm.audits().announceFork(new byte[] {1});
    await().until(() -> friend.audits.judged.size() == 1);
    friend.audits.accused = Optional.of(friend.id());
    owner.swarm.audits().announceFork(new byte[] {3});
    await().until(() -> !friend.audits.forks.isEmpty());
    assertThat(friend.audits.forks).containsExactly(new byte[] {3});
  }
}
