package dev.waggle.mesh.swarm.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReplayWindowTest {
  @Test
  void eachNumber_once_inAnyOrderNearby() {
    ReplayWindow window = new ReplayWindow();
    assertThat(window.take(100)).isTrue();
    assertThat(window.take(100)).isFalse();
    assertThat(window.take(98)).isTrue();
    assertThat(window.take(98)).isFalse();
    assertThat(window.take(99)).isTrue();
    assertThat(window.take(100 - ReplayWindow.WIDTH + 1)).isTrue();
    assertThat(window.take(100 - ReplayWindow.WIDTH)).as("too old").isFalse();
    assertThat(window.take(1_000_000)).isTrue();
    assertThat(window.take(100)).as("far behind now").isFalse();
    assertThat(window.take(-1)).isFalse();
  }

  @Test
  void agreesWithASet() {
    SplittableRandom random = new SplittableRandom(5);
    ReplayWindow window = new ReplayWindow();
    Set<Long> taken = new HashSet<>();
    long highest = -1;
    for (int i = 0; i < 50_000; i++) {
      long number = Math.max(0, i / 4 + random.nextInt(-80, 80));
      boolean fresh = number > highest - ReplayWindow.WIDTH && !taken.contains(number);
      assertThat(window.take(number)).isEqualTo(fresh);
      if (fresh) {
        taken.add(number);
        highest = Math.max(highest, number);
      }
    }
  }
}
