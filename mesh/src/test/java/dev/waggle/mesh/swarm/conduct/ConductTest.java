package dev.waggle.mesh.swarm.conduct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.MovableClock;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ConductTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  private final MovableClock clock = new MovableClock(Clock.fixed(NOW, ZoneOffset.UTC));
  private final List<Conduct.Observed> heard = new ArrayList<>();
  private final Conduct conduct = new Conduct(clock, heard::add);
  private final PeerId peer = Identity.generate(new SecureRandom()).peerId();

  private boolean isShunned() {
    return conduct.standing(peer).shunnedUntil().isPresent();
  }

  @ParameterizedTest
  @EnumSource
  void oneFault_shunsNobody_andIsHalfForgottenInTime(Fault fault) {
    conduct.observe(peer, fault);
    assertThat(isShunned()).isFalse();
    double score = conduct.standing(peer).score();
    assertThat(score).isPositive();
    clock.move(Conduct.HALF_LIFE);
    assertThat(conduct.standing(peer).score()).isCloseTo(score / 2, within(1e-9));
    assertThat(heard).hasSize(1);
    assertThat(heard.get(0).fault()).isEqualTo(fault);
  }

  @Test
  void manyFaults_shunForAWhile_neverForEver() {
    for (int i = 0; i < 1_000; i++) {
      conduct.observe(peer, Fault.FALSE_RECEIPT);
    }
    Instant until = conduct.standing(peer).shunnedUntil().orElseThrow();
    assertThat(Duration.between(NOW, until)).isLessThanOrEqualTo(Duration.ofMinutes(31));
    clock.move(Duration.between(NOW, until).minusSeconds(1));
    assertThat(isShunned()).isTrue();
    clock.move(Duration.ofSeconds(2));
    assertThat(isShunned()).isFalse();
  }

  @Test
  void whoIsShunned_staysSo_untilWellBelowWhatLedToIt() {
    conduct.observe(peer, Fault.FALSE_RECEIPT);
    conduct.observe(peer, Fault.FALSE_ANSWER);
    assertThat(isShunned()).isTrue();
    clock.move(Duration.ofMinutes(5));
    assertThat(conduct.standing(peer).score()).isLessThan(Conduct.SHUNNED_FROM);
    assertThat(isShunned()).isTrue();
    clock.move(Duration.ofMinutes(6));
    assertThat(isShunned()).isFalse();
  }

  @Test
  void rareFaults_addUpToNothing() {
    for (int i = 0; i < 100; i++) {
      conduct.observe(peer, Fault.MALFORMED);
      assertThat(isShunned()).isFalse();
      clock.move(Conduct.HALF_LIFE);
    }
  }

  @Test
  void forgivenPeer_beginsAnew() {
    conduct.observe(peer, Fault.FALSE_RECEIPT);
    conduct.observe(peer, Fault.FALSE_RECEIPT);
    assertThat(conduct.standings()).hasSize(1);
    conduct.forgive(peer);
    assertThat(isShunned()).isFalse();
    assertThat(conduct.standings()).isEmpty();
  }
}
