package dev.waggle.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
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
      assertThat(admission.claim(ClaimId.random(), "m", ANNA)).contains(i);
    }
    assertThat(admission.claim(a, "m", ANNA)).isEmpty();
    assertThat(admission.claim(b, "m", BEN)).contains(1);
    assertThat(admission.claim(c, "m", member(3))).isEmpty();
  }

  @Test
  void members_takeTurns_howeverMuchOneOfThemWants() {
    Admission admission = new Admission(new Limits(1, 1, 16));
    List<ClaimId> annas = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      ClaimId claim = ClaimId.random();
      annas.add(claim);
      admission.claim(claim, "m", ANNA);
      admission.ready(claim);
    }
    assertThat(admission.claim(a, "m", BEN)).contains(1);
    assertThat(admission.claim(b, "m", BEN)).contains(3);
    assertThat(admission.ready(a)).isEmpty();
    assertThat(admission.ready(b)).isEmpty();
    assertThat(admission.end(annas.get(0))).containsExactly(a);
    assertThat(admission.end(a)).containsExactly(annas.get(1));
    assertThat(admission.end(annas.get(1))).containsExactly(b);
    assertThat(admission.end(b)).containsExactly(annas.get(2));
    assertThat(admission.end(annas.get(2))).containsExactly(annas.get(3));
  }

  @Test
  void claims_beyondSlotsAndQueue_areDeclined() {
    Admission admission = new Admission(new Limits(1, 1, 1));
    assertThat(admission.claim(a, "m", ANNA)).contains(0);
    assertThat(admission.claim(b, "m", ANNA)).contains(1);
    assertThat(admission.claim(c, "m", ANNA)).isEmpty();
    admission.end(a);
    assertThat(admission.claim(c, "m", ANNA)).contains(1);
  }

  @Test
  void nodeWithoutSlots_declinesEverything() {
    assertThat(new Admission(new Limits(0, 1, 8)).claim(a, "m", ANNA)).isEmpty();
  }

  @Test
  void secondTaskOfAModel_waitsForTheFirst_whileAnotherModelRuns() {
    Admission admission = new Admission(new Limits(2, 1, 2));
    admission.claim(a, "m", ANNA);
    assertThat(admission.claim(b, "m", ANNA)).contains(1);
    admission.claim(c, "other", ANNA);
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
    admission.claim(a, "m", ANNA);
    admission.claim(b, "m", ANNA);
    assertThat(admission.ready(b)).containsExactly(b);
    assertThat(admission.ready(a)).isEmpty();
    assertThat(admission.end(b)).containsExactly(a);
  }

  @Test
  void claimThatEndsWhileItWaits_freesItsPlace() {
    Admission admission = new Admission(new Limits(1, 1, 0));
    admission.claim(a, "m", ANNA);
    assertThat(admission.isWaiting(a)).isTrue();
    assertThat(admission.end(a)).isEmpty();
    assertThat(admission.claim(b, "m", ANNA)).contains(0);
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
              .claim(claim, "m" + random.nextInt(3), random.nextBoolean() ? ANNA : BEN)
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
