package dev.waggle.mesh.swarm.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.PeerId;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FailureDetectorTest {
  private static final Duration LAN = Duration.ofMillis(20);
  private static final long SECOND = 1_000_000_000L;

  private static PeerId peer(int number) {
    return PeerId.ofPublicKey(ByteBuffer.allocate(PeerId.PUBLIC_KEY_BYTES).putInt(number).array());
  }

  // ---- whole swarms; times are simulated

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void frozenMember_ofTwenty_isBuriedByAll_withinFiveSeconds(long seed) {
    LivenessWorld world = new LivenessWorld(seed, 20, LAN, 0);
    world.simulation.run(Duration.ofSeconds(5));
    LivenessWorld.Node frozen = world.nodes.get(7);
    long begin = world.simulation.now();
    world.freeze(frozen);
    world.simulation.run(Duration.ofSeconds(20));
    assertThat(world.lastBurial(frozen)).isBetween(begin, begin + 5 * SECOND);
    assertThat(world.burials()).as("of anybody").isEqualTo(19);
  }

  @ParameterizedTest
  @CsvSource({"2, 3", "3, 3", "20, 3", "100, 4"})
  void killedMember_isBuriedByAll(int size, int seconds) {
    LivenessWorld world = new LivenessWorld(11, size, LAN, 0);
    world.simulation.run(Duration.ofSeconds(5));
    LivenessWorld.Node killed = world.nodes.get(1);
    long begin = world.simulation.now();
    world.kill(killed);
    world.simulation.run(Duration.ofSeconds(20));
    assertThat(world.lastBurial(killed)).isBetween(begin, begin + seconds * SECOND);
    assertThat(world.burials()).isEqualTo(size - 1);
  }

  @Test
  void lossyNetwork_buriesNobodyForLong() {
    LivenessWorld world = new LivenessWorld(12, 20, LAN, 0.05);
    world.simulation.run(Duration.ofMinutes(5));
    assertThat(world.nodes.stream().mapToInt(node -> node.suspicions).sum())
        .as("there was something to suspect")
        .isPositive();
    assertThat(world.burials()).isZero();
  }

  @Test
  void partitionedSides_buryEachOther_andSeeEachOtherAgainWhenItHeals() {
    LivenessWorld world = new LivenessWorld(13, 20, LAN, 0);
    for (int i = 0; i < 10; i++) {
      world.links.move(i, 1);
    }
    world.simulation.run(Duration.ofSeconds(30));
    assertThat(world.burials()).isEqualTo(2 * 10 * 10);
    for (int i = 0; i < 10; i++) {
      world.links.move(i, 0);
    }
    world.nodes.forEach(LivenessWorld.Node::advertise);
    world.simulation.run(Duration.ofSeconds(10));
    assertThat(world.burials()).isZero();
  }

  @Test
  void oneSeed_isOneHistory() {
    long[] fingerprints = new long[2];
    for (int i = 0; i < 2; i++) {
      LivenessWorld world = new LivenessWorld(14, 20, LAN, 0.1);
      world.simulation.run(Duration.ofSeconds(10));
      world.freeze(world.nodes.get(3));
      world.simulation.run(Duration.ofSeconds(10));
      fingerprints[i] = world.simulation.fingerprint();
    }
    assertThat(fingerprints[0]).isEqualTo(fingerprints[1]).isNotZero();
  }

  // ---- one detector

  private final FailureDetector detector = new FailureDetector(peer(0), new SplittableRandom(3));

  @Test
  void suspicionOfThisNode_isRefuted() {
    assertThat(detector.onSuspicion(peer(0), 9, 0)).containsExactly(new Effect.Refute());
  }

  @Test
  void suspicionWithAnOlderAdvert_isNoNews() {
    detector.onAdvert(peer(1), 5, 0);
    assertThat(detector.isNews(peer(1), 4, SECOND)).isFalse();
    assertThat(detector.isNews(peer(1), 5, SECOND)).isTrue();
    assertThat(detector.isNews(peer(2), 5, SECOND)).as("a peer that nobody knows").isFalse();
  }

  @Test
  void whoJustAnswered_isNotSuspectedOnAnothersWord() {
    detector.onConnected(peer(1), 0);
    detector.onPong(peer(1), Duration.ofMillis(1), 10 * SECOND);
    assertThat(detector.onSuspicion(peer(1), 0, 10 * SECOND + 1)).isEmpty();
    assertThat(detector.onSuspicion(peer(1), 0, 11 * SECOND))
        .as("later, it is asked")
        .hasOnlyElementsOfType(Effect.Probe.class);
  }

  @Test
  void suspected_isBuriedUnlessItSaysSomethingNew() {
    for (int i = 1; i <= 2; i++) {
      detector.onAdvert(peer(i), 5, 0);
      detector.onSuspicion(peer(i), 5, SECOND);
    }
    detector.onAdvert(peer(1), 6, 2 * SECOND);
    assertThat(detector.onTick(2 * SECOND)).isEmpty();
    assertThat(detector.onTick(4 * SECOND)).containsExactly(new Effect.Bury(peer(2)));
    assertThat(detector.onTick(8 * SECOND)).isEmpty();
  }

  @Test
  void lostConnection_asksOthersFirst_andTheirWordCounts() {
    for (int i = 1; i <= 5; i++) {
      detector.onConnected(peer(i), 0);
    }
    List<Effect> asked = detector.onDisconnected(peer(1), SECOND);
    assertThat(asked).hasSize(FailureDetector.HELPERS).hasOnlyElementsOfType(Effect.Ask.class);
    assertThat(detector.onHelperSays(peer(1), false, SECOND)).isEmpty();
    assertThat(detector.onHelperSays(peer(1), true, SECOND)).isEmpty();
    assertThat(detector.onHelperSays(peer(1), false, SECOND)).as("too late").isEmpty();
    detector.onConnected(peer(1), 2 * SECOND);
    detector.onDisconnected(peer(1), 3 * SECOND);
    detector.onHelperSays(peer(1), false, 3 * SECOND);
    detector.onHelperSays(peer(1), false, 3 * SECOND);
    assertThat(detector.onHelperSays(peer(1), false, 3 * SECOND))
        .containsExactly(new Effect.Suspect(peer(1), 0));
  }

  @Test
  void probes_visitEverybodyOncePerRound() {
    for (int i = 1; i <= 10; i++) {
      detector.onConnected(peer(i), 0);
    }
    List<PeerId> probed = new java.util.ArrayList<>();
    for (int i = 1; i <= 20; i++) {
      for (Effect effect : detector.onTick(i * SECOND)) {
        PeerId target = ((Effect.Probe) effect).peer();
        probed.add(target);
        detector.onPong(target, Duration.ofMillis(1), i * SECOND);
      }
    }
    assertThat(probed.subList(0, 10)).doesNotHaveDuplicates();
    assertThat(probed.subList(10, 20)).doesNotHaveDuplicates();
  }

  @Test
  void everyEffect_isKnownHere() {
    assertThat(Effect.class.getPermittedSubclasses())
        .containsExactlyInAnyOrder(
            Effect.Probe.class,
            Effect.Ask.class,
            Effect.Suspect.class,
            Effect.Refute.class,
            Effect.Bury.class);
  }
}
