package dev.waggle.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;

class BreakersTest {
  private static final PeerId ANNA = Identity.ofSeed(new byte[Identity.SEED_BYTES]).peerId();
  private static final String MODEL = "m";

  private Instant now = Instant.EPOCH;
  private final Breakers breakers =
      new Breakers(
          new Clock() {
            @Override
            public Instant instant() {
              return now;
            }

            @Override
            public ZoneId getZone() {
              return ZoneId.of("UTC");
            }

            @Override
            public Clock withZone(ZoneId zone) {
              return this;
            }
          });

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      breakers.onOffered(ANNA, MODEL);
      breakers.onFailure(ANNA, MODEL, "boom");
    }
  }

  @Test
  void failuresInARow_open_forThatModelOnly() {
    fail(Breakers.FAILURES_MAX - 1);
    assertThat(breakers.open(ANNA, MODEL)).isEmpty();
    fail(1);
    Breakers.Open open = breakers.open(ANNA, MODEL).orElseThrow();
    assertThat(open.retryAfter()).isEqualTo(Breakers.OPEN_FIRST);
    assertThat(open.cause()).contains("3 times in a row").contains("boom").contains("in 5 s");
    assertThat(breakers.open(ANNA, "other")).isEmpty();
  }

  @Test
  void success_betweenFailures_startsTheCountAnew() {
    fail(2);
    breakers.onSuccess(ANNA, MODEL);
    fail(2);
    assertThat(breakers.open(ANNA, MODEL)).isEmpty();
  }

  @Test
  void afterTheTime_oneProbeGoes_andItsEndDecides() {
    fail(3);
    now = now.plus(Breakers.OPEN_FIRST);
    assertThat(breakers.open(ANNA, MODEL)).as("half open").isEmpty();
    breakers.onOffered(ANNA, MODEL);
    assertThat(breakers.open(ANNA, MODEL)).as("the probe is under way").isPresent();
    breakers.onFailure(ANNA, MODEL, "again");
    assertThat(breakers.open(ANNA, MODEL).orElseThrow().retryAfter())
        .isEqualTo(Breakers.OPEN_FIRST.multipliedBy(2));
    now = now.plus(Breakers.OPEN_FIRST.multipliedBy(2));
    breakers.onOffered(ANNA, MODEL);
    breakers.onReleased(ANNA, MODEL);
    assertThat(breakers.open(ANNA, MODEL)).as("the probe told nothing").isEmpty();
    breakers.onOffered(ANNA, MODEL);
    breakers.onSuccess(ANNA, MODEL);
    fail(2);
    assertThat(breakers.open(ANNA, MODEL)).isEmpty();
  }

  @Test
  void manyTasksThatFailAtOnce_openItForAShortTime() {
    for (int i = 0; i < 30; i++) {
      breakers.onOffered(ANNA, MODEL);
    }
    for (int i = 0; i < 30; i++) {
      breakers.onFailure(ANNA, MODEL, "the link broke");
      breakers.onReleased(ANNA, MODEL);
    }
    assertThat(breakers.open(ANNA, MODEL).orElseThrow().retryAfter())
        .isEqualTo(Breakers.OPEN_FIRST);
  }

  @Test
  void time_isBounded() {
    fail(30);
    assertThat(breakers.open(ANNA, MODEL).orElseThrow().retryAfter()).isEqualTo(Breakers.OPEN_MAX);
  }
}
