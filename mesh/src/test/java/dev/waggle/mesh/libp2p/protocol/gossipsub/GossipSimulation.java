package dev.waggle.mesh.libp2p.protocol.gossipsub;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Prints how fast a message reaches everybody, what that costs, and what hostile nodes change.
 *
 * <p>Arguments: {@code [--seed N] [--hostile PART]... [NODES]...}; without any, all of the figures
 * in README.md.
 */
public final class GossipSimulation {
  private static final Duration WARM_UP = Duration.ofSeconds(20);
  private static final Duration APART = Duration.ofMillis(500);
  private static final int MESSAGES = 20;
  private static final int DATA_BYTES = 512;
  private static final int DIALS = 10;
  private static final long MILLION = 1_000_000;

  private GossipSimulation() {}

  public static void main(String[] arguments) {
    long seed = 1;
    List<Integer> sizes = new ArrayList<>();
    List<Double> hostile = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--seed" -> seed = Long.parseLong(arguments[++i]);
        case "--hostile" -> hostile.add(Double.parseDouble(arguments[++i]));
        default -> sizes.add(Integer.parseInt(arguments[i]));
      }
    }
    if (sizes.isEmpty()) {
      sizes.addAll(List.of(100, 1_000, 5_000, 10_000));
    }
    if (hostile.isEmpty()) {
      hostile.addAll(List.of(0.0, 0.2));
    }
    System.out.printf(
        Locale.ROOT,
        "seed %d: %d messages of %d bytes, links of 50 to 200 ms, each node dials %d others%n",
        seed,
        MESSAGES,
        DATA_BYTES,
        DIALS);
    System.out.println(
        "  nodes  hostile   p50 ms   p99 ms   max ms  missing  duplicates  bytes/node/s  took s");
    for (double part : hostile) {
      for (int size : sizes) {
        measure(seed, size, part);
      }
    }
  }

  private static void measure(long seed, int size, double hostile) {
    long begin = System.nanoTime();
    GossipWorld world =
        new GossipWorld(
                seed,
                size,
                GossipParameters.DEFAULT,
                Duration.ofMillis(50),
                Duration.ofMillis(200),
                0)
            .populate(hostile, DIALS);
    world.simulation.run(WARM_UP);
    world.reset();
    for (int i = 0; i < MESSAGES; i++) {
      world.anyHonest().publish(DATA_BYTES);
      world.simulation.run(APART);
    }
    Duration rest = Duration.ofSeconds(5);
    world.simulation.run(rest);
    long[] delays = world.delays();
    double seconds = (APART.toMillis() * MESSAGES + rest.toMillis()) / 1_000.0;
    System.out.printf(
        Locale.ROOT,
        "%7d  %6.0f%%  %7d  %7d  %7d  %7d  %10.2f  %12.0f  %6.1f%n",
        size,
        hostile * 100,
        delays[delays.length / 2] / MILLION,
        delays[delays.length * 99 / 100] / MILLION,
        delays[delays.length - 1] / MILLION,
        world.missing(),
        world.duplicatesPerDelivery(),
        world.bytesSent() / seconds / world.honest(),
        (System.nanoTime() - begin) / 1e9);
  }
}
