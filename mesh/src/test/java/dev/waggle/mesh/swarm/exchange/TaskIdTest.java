package dev.waggle.mesh.swarm.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TaskIdTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");

  @Test
  void tasksOfOneTimeAreNeighboursInAnIndex() {
    assertThat(Stream.of(NOW, NOW.plusMillis(1), NOW.plusSeconds(3_600)).map(TaskId::at))
        .extracting(TaskId::value)
        .isSorted();
  }

  @Test
  void tasksOfOneMomentHaveIdsOfTheirOwn() {
    assertThat(Stream.generate(() -> TaskId.at(NOW)).limit(1_000)).doesNotHaveDuplicates();
  }

  @Test
  void othersMayMakeTheirsAsTheyLike() {
    String random = "f".repeat(32);
    assertThat(new TaskId(random)).hasToString(random);
    assertThatThrownBy(() -> new TaskId("F".repeat(32)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("32 lower-case hexadecimal digits");
  }
}
