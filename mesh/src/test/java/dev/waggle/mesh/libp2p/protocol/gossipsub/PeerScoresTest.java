package dev.waggle.mesh.libp2p.protocol.gossipsub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waggle.crypto.PeerId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Each part of the score function with numbers that one can compute by hand. */
class PeerScoresTest {
  private static final String TOPIC = "bees";
  private static final long SECOND = 1_000_000_000L;
  private static final Offset<Double> EXACT = within(1e-9);

  private static final TopicScoreParameters TOPIC_PARAMETERS =
      new TopicScoreParameters(
          2,
          new TopicScoreParameters.TimeInMesh(0.5, Duration.ofSeconds(10), 4),
          new TopicScoreParameters.FirstDeliveries(3, 0.5, 5),
          new TopicScoreParameters.MeshDeliveries(
              -1, 0.5, 4, 10, Duration.ofSeconds(5), Duration.ofMillis(10), -7, 0.5),
          -11,
          0.5);

  private static ScoreParameters parameters(double topicCap) {
    return new ScoreParameters(
        new ScoreParameters.Thresholds(-1, -2, -3, 0, 0),
        Map.of(TOPIC, TOPIC_PARAMETERS),
        TopicScoreParameters.QUIET,
        topicCap,
        peer -> 13,
        0,
        -2,
        3,
        -5,
        1,
        0.5,
        Duration.ofSeconds(1),
        0.1,
        Duration.ofSeconds(60));
  }

  private final PeerScores scores = new PeerScores(parameters(0));
  private final PeerId peer = peer(1);

  private static PeerId peer(int number) {
    return PeerId.ofPublicKey(ByteBuffer.allocate(PeerId.PUBLIC_KEY_BYTES).putInt(number).array());
  }

  @Test
  void timeInMesh_countsWholeQuanta_toItsCap() {
    scores.onPeer(peer, "");
    scores.onGraft(peer, TOPIC, 0);
    for (int i = 0; i < 10; i++) {
      scores.onNearDelivery(peer, TOPIC);
    }
    scores.onDecay(4 * SECOND);
    assertThat(scores.score(peer)).isZero();
    for (int i = 0; i < 10; i++) {
      scores.onNearDelivery(peer, TOPIC);
    }
    scores.onDecay(29 * SECOND);
    assertThat(scores.score(peer)).isEqualTo(2 * 0.5 * 2, EXACT);
    for (int i = 0; i < 10; i++) {
      scores.onNearDelivery(peer, TOPIC);
    }
    scores.onDecay(900 * SECOND);
    assertThat(scores.score(peer)).isEqualTo(2 * 0.5 * 4, EXACT);
  }

  @Test
  void firstDeliveries_areCapped_decay_andEndAtZero() {
    scores.onPeer(peer, "");
    for (int i = 0; i < 9; i++) {
      scores.onFirstDelivery(peer, TOPIC);
    }
    assertThat(scores.score(peer)).isEqualTo(2 * 3 * 5, EXACT);
    scores.onDecay(SECOND);
    assertThat(scores.score(peer)).isEqualTo(2 * 3 * 2.5, EXACT);
    for (int i = 0; i < 5; i++) {
      scores.onDecay(SECOND);
    }
    assertThat(scores.score(peer)).isZero();
  }

  @Test
  void tooFewMeshDeliveries_costTheSquareOfTheDeficit_andAreRememberedWhenPruned() {
    scores.onPeer(peer, "");
    scores.onGraft(peer, TOPIC, 0);
    scores.onDecay(5 * SECOND);
    assertThat(scores.score(peer)).as("not active yet").isZero();
    scores.onDecay(6 * SECOND);
    assertThat(scores.score(peer)).isEqualTo(2 * -1 * 16, EXACT);
    scores.onNearDelivery(peer, TOPIC);
    scores.onLateDelivery(peer, TOPIC, 9_000_000);
    scores.onLateDelivery(peer, TOPIC, 11_000_000);
    assertThat(scores.score(peer)).isEqualTo(2 * -1 * 4, EXACT);
    scores.onPrune(peer, TOPIC);
    assertThat(scores.score(peer)).isEqualTo(2 * -7 * 4, EXACT);
  }

  @Test
  void invalidMessages_costTheirSquare() {
    scores.onPeer(peer, "");
    scores.onInvalid(peer, TOPIC);
    scores.onInvalid(peer, TOPIC);
    scores.onInvalid(peer, TOPIC);
    assertThat(scores.score(peer)).isEqualTo(2 * -11 * 9, EXACT);
  }

  @Test
  void misbehaviour_costsTheSquareAboveTheThreshold() {
    scores.onPeer(peer, "");
    scores.onMisbehaviour(peer, 1);
    assertThat(scores.score(peer)).isZero();
    scores.onMisbehaviour(peer, 3);
    assertThat(scores.score(peer)).isEqualTo(-5 * 9, EXACT);
  }

  @Test
  void manyAtOneAddress_costTheSquareOfTheSurplus() {
    for (int i = 1; i <= 5; i++) {
      scores.onPeer(peer(i), "192.0.2.1");
    }
    scores.onPeer(peer(6), "");
    assertThat(scores.score(peer(1))).isEqualTo(-2 * 4, EXACT);
    assertThat(scores.score(peer(6))).isZero();
    scores.onPeerGone(peer(2), 0);
    scores.onPeerGone(peer(3), 0);
    assertThat(scores.score(peer(1))).isZero();
  }

  @Test
  void topicCap_limitsWhatTopicsGive() {
    PeerScores capped = new PeerScores(parameters(10));
    capped.onPeer(peer, "");
    for (int i = 0; i < 5; i++) {
      capped.onFirstDelivery(peer, TOPIC);
    }
    assertThat(capped.score(peer)).isEqualTo(10, EXACT);
  }

  @Test
  void scoreOfOneThatLeft_isKeptForAWhile() {
    scores.onPeer(peer, "");
    scores.onInvalid(peer, TOPIC);
    scores.onPeerGone(peer, 0);
    scores.onDecay(59 * SECOND);
    scores.onPeer(peer, "");
    assertThat(scores.score(peer)).isEqualTo(-22, EXACT);
    scores.onPeerGone(peer, 60 * SECOND);
    scores.onDecay(120 * SECOND);
    scores.onPeer(peer, "");
    assertThat(scores.score(peer)).isZero();
  }

  @Test
  void parametersThatMakeNoSense_areRefused() {
    assertThatThrownBy(() -> new ScoreParameters.Thresholds(1, 0, -1, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ScoreParameters.Thresholds(-1, -2, -2, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new TopicScoreParameters.FirstDeliveries(1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new MeshDegrees(6, 4, 12, 4, 4, 6))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
