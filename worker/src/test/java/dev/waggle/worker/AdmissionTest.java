package dev.waggle.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdmissionTest {
  private static final Duration TIME = Duration.ofSeconds(5);
  private static final PeerId ANNA = member(1);
  private static final PeerId BEN = member(2);

  private final ClaimId a = ClaimId.random();
  private final ClaimId b = ClaimId.random();
  private final ClaimId c = ClaimId.random();
  private final ClaimId d = ClaimId.random();

  private static PeerId member(int seed) {
    byte[] bytes = new byte[Identity.SEED_BYTES];
    bytes[0] = (byte) seed;
    return Identity.ofSeed(bytes).peerId();
  }

  @Test
  void lastPartOfTheQueue_isForMembersThatHaveNothingHere() {
    Admission admission = new Admission(new Limits(1, 1, 4));
    for (int i = 0; i < 4; i++) {
      assertThat(admission.claim(ClaimId.random(), "m", ANNA, Priority.NORMAL, TIME)).contains(i);
    }
    assertThat(admission.claim(a, "m", ANNA, Priority.NORMAL, TIME)).isEmpty();
    assertThat(admission.claim(b, "m", BEN, Priority.NORMAL, TIME)).contains(1);
    assertThat(admission.claim(c, "m", member(3), Priority.NORMAL, TIME)).isEmpty();
  }

  @Test
  void members_takeTurns_howeverMuchOneOfThemWants() {
    Admission admission = new Admission(new Limits(1, 1, 16));
    List<ClaimId> annas = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      ClaimId claim = ClaimId.random();
      annas.add(claim);
      admission.claim(claim, "m", ANNA, Priority.NORMAL, TIME);
      admission.ready(claim);
    }
    assertThat(admission.claim(a, "m", BEN, Priority.NORMAL, TIME)).contains(1);
    assertThat(admission.claim(b, "m", BEN, Priority.NORMAL, TIME)).contains(3);
    assertThat(admission.ready(a)).isEmpty();
    assertThat(admission.ready(b)).isEmpty();
    assertThat(admission.end(annas.get(0), TIME)).containsExactly(a);
    assertThat(admission.end(a, TIME)).containsExactly(annas.get(1));
    assertThat(admission.end(annas.get(1), TIME)).containsExactly(b);
    assertThat(admission.end(b, TIME)).containsExactly(annas.get(2));
    assertThat(admission.end(annas.get(2), TIME)).containsExactly(annas.get(3));
  }

  @Test
  void claims_beyondSlotsAndQueue_areDeclined() {
    Admission admission = new Admission(new Limits(1, 1, 1));
    assertThat(admission.claim(a, "m", ANNA, Priority.NORMAL, TIME)).contains(0);
    assertThat(admission.claim(b, "m", ANNA, Priority.NORMAL, TIME)).contains(1);
    assertThat(admission.claim(c, "m", ANNA, Priority.NORMAL, TIME)).isEmpty();
    admission.end(a, TIME);
    assertThat(admission.claim(c, "m", ANNA, Priority.NORMAL, TIME)).contains(1);
  }

  @Test
  void nodeWithoutSlots_declinesEverything() {
    assertThat(new Admission(new Limits(0, 1, 8)).claim(a, "m", ANNA, Priority.NORMAL, TIME))
        .isEmpty();
  }

  @Test
  void secondTaskOfAModel_waitsForTheFirst_whileAnotherModelRuns() {
    Admission admission = new Admission(new Limits(2, 1, 2));
    admission.claim(a, "m", ANNA, Priority.NORMAL, TIME);
    assertThat(admission.claim(b, "m", ANNA, Priority.NORMAL, TIME)).contains(1);
    admission.claim(c, "other", ANNA, Priority.NORMAL, TIME);
    assertThat(admission.ready(a)).containsExactly(a);
    assertThat(admission.ready(b)).isEmpty();
    assertThat(admission.ready(c)).containsExactly(c);
    assertThat(admission.running()).isEqualTo(2);
    assertThat(admission.queued()).isEqualTo(1);
    assertThat(admission.end(c, TIME)).isEmpty();
    assertThat(admission.end(a, TIME)).containsExactly(b);
  }

  @Test
  void readyTask_overtakesOneThatIsOnlyHeld() {
    Admission admission = new Admission(new Limits(1, 1, 3));
    admission.claim(a, "m", ANNA, Priority.NORMAL, TIME);
    admission.claim(b, "m", ANNA, Priority.NORMAL, TIME);
    assertThat(admission.ready(b)).containsExactly(b);
    assertThat(admission.ready(a)).isEmpty();
    assertThat(admission.end(b, TIME)).containsExactly(a);
  }

  @Test
  void claimThatEndsWhileItWaits_freesItsPlace() {
    Admission admission = new Admission(new Limits(1, 1, 0));
    admission.claim(a, "m", ANNA, Priority.NORMAL, TIME);
    assertThat(admission.isWaiting(a)).isTrue();
    assertThat(admission.end(a, TIME)).isEmpty();
    assertThat(admission.claim(b, "m", ANNA, Priority.NORMAL, TIME)).contains(0);
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
          if (admission
              .claim(
                  claim,
                  "m" + random.nextInt(3),
                  random.nextBoolean() ? ANNA : BEN,
                  Priority.NORMAL,
                  TIME)
              .isPresent()) {
            held.add(claim);
          } else {
            assertThat(held.size() + ready.size() + running.size()).isBetween(7, 8);
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
            started = admission.end(claim, TIME);
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

  private List<ClaimId> ready(Admission admission, PeerId member, Duration expected, int count) {
    List<ClaimId> claims = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ClaimId claim = ClaimId.random();
      admission.claim(claim, "m", member, Priority.NORMAL, expected);
      admission.ready(claim);
      claims.add(claim);
    }
    return claims;
  }

  @Test
  void memberWithShortTasks_getsAsMuchTime_notAsManyTasks() {
    Admission admission = new Admission(new Limits(1, 1, 64));
    List<ClaimId> lengthy = ready(admission, ANNA, Duration.ofSeconds(8), 8);
    List<ClaimId> brief = ready(admission, BEN, Duration.ofSeconds(2), 24);
    ClaimId running = lengthy.get(0);
    int annas = 1;
    int bens = 0;
    for (int i = 0; i < 20; i++) {
      boolean isAnnas = lengthy.contains(running);
      running =
          admission.end(running, isAnnas ? Duration.ofSeconds(8) : Duration.ofSeconds(2)).get(0);
      annas += lengthy.contains(running) ? 1 : 0;
      bens += brief.contains(running) ? 1 : 0;
    }
    assertThat(bens).isBetween(3 * annas, 5 * annas);
  }

  @Test
  void memberWhoseTasksTakeLongerThanExpected_paysForItLater() {
    Admission admission = new Admission(new Limits(1, 1, 64));
    List<ClaimId> annas = ready(admission, ANNA, TIME, 8);
    List<ClaimId> bens = ready(admission, BEN, TIME, 8);
    List<ClaimId> next = admission.end(annas.get(0), TIME.multipliedBy(4));
    for (int i = 0; i < 3; i++) {
      assertThat(next).containsExactly(bens.get(i));
      next = admission.end(bens.get(i), TIME);
    }
    assertThat(next).containsExactly(annas.get(1));
  }

  @Test
  void urgentTask_goesBeforeItsMembersOthers_butNotBeforeAnothersTurn() {
    Admission admission = new Admission(new Limits(1, 1, 16));
    List<ClaimId> annas = ready(admission, ANNA, TIME, 3);
    List<ClaimId> bens = ready(admission, BEN, TIME, 1);
    admission.claim(a, "m", ANNA, Priority.HIGH, TIME);
    admission.ready(a);
    assertThat(admission.end(annas.get(0), TIME)).containsExactly(bens.get(0));
    assertThat(admission.end(bens.get(0), TIME)).containsExactly(a);
    assertThat(admission.end(a, TIME)).containsExactly(annas.get(1));
  }

  @Test
  void lowPriority_waitsForEverybody() {
    Admission admission = new Admission(new Limits(1, 1, 16));
    List<ClaimId> annas = ready(admission, ANNA, TIME, 1);
    assertThat(admission.claim(a, "m", BEN, Priority.LOW, TIME)).contains(1);
    admission.ready(a);
    List<ClaimId> more = ready(admission, ANNA, TIME, 2);
    assertThat(admission.position(a)).isEqualTo(3);
    assertThat(admission.end(annas.get(0), TIME)).containsExactly(more.get(0));
    assertThat(admission.end(more.get(0), TIME)).containsExactly(more.get(1));
    assertThat(admission.end(more.get(1), TIME)).containsExactly(a);
    assertThat(admission.position(a)).isZero();
  }

  @Test
  void expectedWait_isWhatWaits_forEachSlot() {
    Admission admission = new Admission(new Limits(2, 2, 16));
    assertThat(admission.expectedWait()).isZero();
    ready(admission, ANNA, TIME, 4);
    assertThat(admission.expectedWait()).isEqualTo(TIME);
  }
}
