package dev.waggle.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.mesh.swarm.capability.Wanted;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class RecentDemandTest {
  private Instant now = Instant.EPOCH;
  private final RecentDemand demand =
      new RecentDemand(
          new Clock() {
            @Override
            public Instant instant() {
              return now;
            }

            @Override
            public ZoneId getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
              return this;
            }
          });

  private void ask(String model, int times) {
    for (int i = 0; i < times; i++) {
      demand.onRequest(model);
    }
  }

  @Test
  void mostWanted_comesFirst() {
    ask("b", 3);
    ask("a", 5);
    assertThat(demand.top()).containsExactly(new Wanted("a", 5), new Wanted("b", 3));
  }

  @Test
  void whatWasAskedLongAgo_isForgotten() {
    ask("a", 4);
    now = now.plus(RecentDemand.WINDOW);
    assertThat(demand.top()).containsExactly(new Wanted("a", 1));
    now = now.plus(RecentDemand.WINDOW.multipliedBy(2));
    assertThat(demand.top()).isEmpty();
  }

  @Test
  void askedAgainAndAgain_countsAsOftenAsInTheWindow() {
    for (int i = 0; i < 600; i++) {
      ask("a", 1);
      now = now.plus(Duration.ofMinutes(1));
    }
    assertThat(demand.top().get(0).requests()).isBetween(8, 11);
  }

  @Test
  void manyModels_areBounded_andTheMostWantedStay() {
    ask("big", 50);
    for (int i = 0; i < 3 * RecentDemand.MODELS_MAX; i++) {
      ask("m" + i, 1);
    }
    assertThat(demand.top()).hasSize(Wanted.MODELS_MAX).contains(new Wanted("big", 50));
    ask("flood", 2 * Wanted.REQUESTS_MAX);
    assertThat(demand.top()).contains(new Wanted("flood", Wanted.REQUESTS_MAX));
  }
}
