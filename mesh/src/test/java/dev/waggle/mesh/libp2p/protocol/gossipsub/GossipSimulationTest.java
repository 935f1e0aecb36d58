package dev.waggle.mesh.libp2p.protocol.gossipsub;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole networks of routers. The world itself fails a test when a router breaks one of its rules at
 * any step, or delivers a message twice.
 */
class GossipSimulationTest {
  private static final Duration MIN = Duration.ofMillis(50);
  private static final Duration MAX = Duration.ofMillis(200);
  private static final Duration WARM_UP = Duration.ofSeconds(10);
  private static final int DIALS = 8;

  private static GossipWorld world(long seed, int nodes, double hostile, double loss) {
    GossipWorld world = new GossipWorld(seed, nodes, GossipParameters.DEFAULT, MIN, MAX, loss);
    world.populate(hostile, DIALS);
    world.simulation.run(WARM_UP);
    world.reset();
    return world;
  }

  private static void publish(GossipWorld world, int messages) {
    for (int i = 0; i < messages; i++) {
      world.anyHonest().publish(500);
      world.simulation.run(Duration.ofMillis(500));
    }
    world.simulation.run(Duration.ofSeconds(8));
  }

  private static double seconds(long[] delays, double part) {
    return delays[(int) (part * (delays.length - 1))] / 1e9;
  }

  @Test
  void oneSeed_isOneHistory() {
    long[] fingerprints = new long[3];
    for (int i = 0; i < 3; i++) {
      GossipWorld world = world(i < 2 ? 42 : 43, 100, 0.2, 0.02);
      publish(world, 3);
      fingerprints[i] = world.simulation.fingerprint();
    }
    assertThat(fingerprints[0]).isEqualTo(fingerprints[1]).isNotEqualTo(fingerprints[2]);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void honestNodes_allHear_withinASecond(long seed) {
    GossipWorld world = world(seed, 1_000, 0, 0);
    publish(world, 5);
    assertThat(world.missing()).isZero();
    assertThat(seconds(world.delays(), 0.99)).isLessThan(1);
    assertThat(world.duplicatesPerDelivery()).isLessThan(6);
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5})
  void withAFifthHostile_allHonestNodesHear_andOffendersAreFoundOut(long seed) {
    GossipWorld world = world(seed, 1_000, 0.2, 0);
    publish(world, 5);
    assertThat(world.missing()).isZero();
    assertThat(seconds(world.delays(), 0.99)).isLessThan(1);
    for (GossipWorld.Node node : world.nodes) {
      for (GossipWorld.Node neighbour : node.neighbours) {
        double score = node.router.score(neighbour.id);
        if (node.honest() && neighbour.honest()) {
          assertThat(score).as("an honest neighbour").isGreaterThanOrEqualTo(0);
        } else if (node.honest() && neighbour.nature != GossipWorld.Nature.SILENT) {
          assertThat(score).as("a %s", neighbour.nature).isNegative();
        }
      }
    }
  }

  @Test
  void withLoss_gossipRepairs() {
    GossipWorld world = world(6, 300, 0, 0.2);
    publish(world, 10);
    assertThat(world.missing()).isZero();
  }

  @Test
  void partition_heals_andBothSidesHearEachOther() {
    GossipWorld world = world(7, 200, 0, 0);
    world.nodes.stream()
        .filter(node -> node.index % 2 == 1)
        .forEach(node -> world.links.move(node.index, 1));
    for (GossipWorld.Node node : world.nodes) {
      List.copyOf(node.neighbours).stream()
          .filter(other -> !world.links.connected(node.index, other.index))
          .forEach(node::disconnect);
    }
    world.simulation.run(Duration.ofSeconds(5));
    GossipWorld.Published apart = world.nodes.get(0).publish(500);
    world.simulation.run(Duration.ofSeconds(5));
    assertThat(apart.receivers().cardinality()).isEqualTo(100);
    world.nodes.forEach(node -> world.links.move(node.index, 0));
    for (int i = 0; i < 20; i++) {
      world.nodes.get(2 * i).connect(world.nodes.get(2 * i + 1));
    }
    world.simulation.run(Duration.ofSeconds(5));
    GossipWorld.Published together = world.nodes.get(0).publish(500);
    world.simulation.run(Duration.ofSeconds(8));
    assertThat(together.receivers().cardinality()).isEqualTo(200);
  }

  @Test
  void churn_leavesNobodyOut() {
    GossipWorld world = world(8, 300, 0, 0);
    for (int round = 0; round < 20; round++) {
      GossipWorld.Node leaving = world.anyHonest();
      leaving.die();
      world.simulation.run(Duration.ofMillis(700));
      leaving.revive(DIALS);
      world.simulation.run(Duration.ofMillis(300));
    }
    world.simulation.run(Duration.ofSeconds(3));
    world.reset();
    publish(world, 5);
    assertThat(world.missing()).isZero();
  }

  @Test
  void eclipse_ofOneNodeByForty_failsAsLongAsItDialsSomebodyHonest() {
    GossipWorld world = new GossipWorld(9, 160, GossipParameters.DEFAULT, MIN, MAX, 0);
    for (int i = 0; i < 120; i++) {
      world.add(GossipWorld.Nature.HONEST);
    }
    GossipWorld.Node victim = world.nodes.get(0);
    for (int i = 0; i < 40; i++) {
      world.add(GossipWorld.Nature.SILENT).connect(victim);
    }
    for (GossipWorld.Node node : world.nodes.subList(0, 120)) {
      for (int i = 0; i < DIALS && node != victim; i++) {
        node.connect(world.nodes.get(1 + world.simulation.random().nextInt(119)));
      }
    }
    for (int i = 1; i <= 4; i++) {
      victim.connect(world.nodes.get(20 * i));
    }
    world.simulation.run(Duration.ofSeconds(30));
    world.reset();
    publish(world, 10);
    assertThat(world.missing()).isZero();
    GossipWorld.Published own = victim.publish(500);
    world.simulation.run(Duration.ofSeconds(3));
    assertThat(own.receivers().cardinality()).isGreaterThanOrEqualTo(120);
    assertThat(victim.router.mesh(GossipWorld.TOPIC))
        .as("some of the mesh is what the victim dialled")
        .anyMatch(id -> world.nodes.stream().anyMatch(node -> node.honest() && node.id.equals(id)));
  }

  @Test
  void meshesSettle_betweenTheirLimits() {
    GossipWorld world = world(10, 500, 0, 0);
    int[] sizes =
        world.nodes.stream()
            .mapToInt(node -> node.router.mesh(GossipWorld.TOPIC).size())
            .sorted()
            .toArray();
    assertThat(sizes[0]).isGreaterThanOrEqualTo(MeshDegrees.DEFAULT.low());
    assertThat(sizes[sizes.length - 1]).isLessThanOrEqualTo(MeshDegrees.DEFAULT.high() + DIALS);
    long oneSided =
        world.nodes.stream()
            .flatMap(
                node ->
                    node.neighbours.stream()
                        .filter(
                            other ->
                                node.router.mesh(GossipWorld.TOPIC).contains(other.id)
                                    && !other.router.mesh(GossipWorld.TOPIC).contains(node.id)))
            .count();
    assertThat(oneSided).as("links that only one side has").isLessThan(25);
  }
}
