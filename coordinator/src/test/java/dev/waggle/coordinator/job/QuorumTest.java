package dev.waggle.coordinator.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class QuorumTest {
  private static final double NO_SPOT_CHECK = 0.9;

  @Test
  void newWorker_isComparedWithAnother() {
    Quorum quorum = new Quorum(0);
    quorum.add("a", "1", 0, NO_SPOT_CHECK);
    assertThat(quorum.winner()).isEmpty();
    quorum.add("b", "1", 0, NO_SPOT_CHECK);
    assertThat(quorum.winner()).contains("1");
    assertThat(quorum.words("1")).isEqualTo("2 of 2 workers agree");
  }

  @Test
  void trustedWorker_isBelieved_butForSpotChecks() {
    Quorum believed = new Quorum(0);
    believed.add("a", "1", Quorum.TRUSTED_FROM, NO_SPOT_CHECK);
    assertThat(believed.winner()).contains("1");
    Quorum checked = new Quorum(0);
    checked.add("a", "1", Quorum.TRUSTED_FROM, 0);
    assertThat(checked.winner()).isEmpty();
  }

  @Test
  void disagreement_isSettledByAThird_andTheLiarIsNamed() {
    Quorum quorum = new Quorum(0);
    quorum.add("liar", "2", 0, NO_SPOT_CHECK);
    quorum.add("b", "1", 0, NO_SPOT_CHECK);
    assertThat(quorum.winner()).isEmpty();
    assertThat(quorum.isUnanimous()).isFalse();
    quorum.add("c", "1", 0, NO_SPOT_CHECK);
    assertThat(quorum.winner()).contains("1");
    assertThat(quorum.whoHadNot("1")).containsExactly("liar");
    assertThat(quorum.whoHad("1")).containsExactly("b", "c");
  }

  @Test
  void neverTheSame_givesUp() {
    Quorum quorum = new Quorum(2);
    for (int i = 0; i < Quorum.RUNS_MAX; i++) {
      assertThat(quorum.isExhausted()).isFalse();
      quorum.add("w" + i, "" + i, 0, NO_SPOT_CHECK);
    }
    assertThat(quorum.isExhausted()).isTrue();
    assertThat(quorum.winner()).isEmpty();
  }

  @Test
  void overheadForTrustedWorkers_isUnderOneInTen() {
    Random random = new Random(1);
    int extra = 0;
    int tasks = 10_000;
    for (int i = 0; i < tasks; i++) {
      extra += Quorum.needsSecond(Quorum.TRUSTED_FROM, random.nextDouble()) ? 1 : 0;
    }
    assertThat((double) extra / tasks).isBetween(0.02, 0.1);
  }
}
