package dev.waggle.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.mesh.swarm.exchange.ClaimId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdmissionTest {
  private final ClaimId a = ClaimId.random();
  private final ClaimId b = ClaimId.random();
  private final ClaimId c = ClaimId.random();
  private final ClaimId d = ClaimId.random();

  @Test
  void claims_beyondSlotsAndQueue_areDeclined() {
    Admission admission = new Admission(new Limits(1, 1, 1));
    assertThat(admission.claim(a, "m")).contains(0);
    assertThat(admission.claim(b, "m")).contains(1);
    assertThat(admission.claim(c, "m")).isEmpty();
    admission.end(a);
    assertThat(admission.claim(c, "m")).contains(1);
  }

  @Test
  void nodeWithoutSlots_declinesEverything() {
    assertThat(new Admission(new Limits(0, 1, 8)).claim(a, "m")).isEmpty();
  }

  @Test
  void secondTaskOfAModel_waitsForTheFirst_whileAnotherModelRuns() {
    Admission admission = new Admission(new Limits(2, 1, 2));
    admission.claim(a, "m");
    assertThat(admission.claim(b, "m")).contains(1);
    admission.claim(c, "other");
    assertThat(admission.ready(a)).containsExactly(a);
    assertThat(admission.ready(b)).isEmpty();
    assertThat(admission.ready(c)).containsExactly(c);
    assertThat(admission.running()).isEqualTo(2);
    assertThat(admission.queued()).isEqualTo(1);
    assertThat(admission.end(c)).isEmpty();
    assertThat(admission.end(a)).containsExactly(b);
  }

  @Test
  void readyTask_overtakesOneThatIsOnlyHeld() {
    Admission admission = new Admission(new Limits(1, 1, 3));
    admission.claim(a, "m");
    admission.claim(b, "m");
    assertThat(admission.ready(b)).containsExactly(b);
    assertThat(admission.ready(a)).isEmpty();
    assertThat(admission.end(b)).containsExactly(a);
  }

  @Test
  void claimThatEndsWhileItWaits_freesItsPlace() {
    Admission admission = new Admission(new Limits(1, 1, 0));
    admission.claim(a, "m");
    assertThat(admission.isWaiting(a)).isTrue();
    assertThat(admission.end(a)).isEmpty();
    assertThat(admission.claim(b, "m")).contains(0);
    assertThat(admission.isWaiting(a)).isFalse();
    assertThat(admission.ready(a)).isEmpty();
    assertThat(admission.ready(d)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void anyHistory_keepsTheLimits_andRunsEveryReadyTaskOnce(long seed) {
    Random random = new Random(seed);
    Limits limits = new Limits(3, 2, 5);
    Admission admission = new Admission(limits);
    List<ClaimId> held = new ArrayList<>();
    Set<ClaimId> running = new HashSet<>();
    Set<ClaimId> ready = new HashSet<>();
    for (int step = 0; step < 2_000; step++) {
      List<ClaimId> started = List.of();
      switch (random.nextInt(3)) {
        case 0 -> {
          ClaimId claim = ClaimId.random();
          if (admission.claim(claim, "m" + random.nextInt(3)).isPresent()) {
            held.add(claim);
          } else {
            assertThat(held.size() + ready.size() + running.size()).isEqualTo(8);
          }
        }
        case 1 -> {
          if (!held.isEmpty()) {
            ClaimId claim = held.remove(random.nextInt(held.size()));
            ready.add(claim);
            started = admission.ready(claim);
          }
        }
        default -> {
          if (!running.isEmpty()) {
            ClaimId claim = running.iterator().next();
            running.remove(claim);
            started = admission.end(claim);
          }
        }
      }
      for (ClaimId claim : started) {
        assertThat(ready.remove(claim)).isTrue();
        assertThat(running.add(claim)).isTrue();
      }
      assertThat(admission.running()).isEqualTo(running.size()).isLessThanOrEqualTo(3);
      assertThat(admission.queued()).isEqualTo(held.size() + ready.size());
    }
  }
}
