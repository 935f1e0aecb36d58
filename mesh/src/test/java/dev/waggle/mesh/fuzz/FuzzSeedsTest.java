package dev.waggle.mesh.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FuzzSeedsTest {
  private static final int MUTATIONS = 3_000;

  static Stream<FuzzTarget> targets() {
    return FuzzTargets.ALL.stream();
  }

  @ParameterizedTest
  @MethodSource("targets")
  void seedsAndTheirMutations_areReadOrRefused(FuzzTarget target) throws Exception {
    assertThat(target.seeds()).isNotEmpty();
    SplittableRandom random = new SplittableRandom(target.name().hashCode());
    for (byte[] seed : target.seeds()) {
      target.run(seed);
      for (int i = 0; i < MUTATIONS / target.seeds().size(); i++) {
        byte[] changed = Arrays.copyOf(seed, Math.max(0, seed.length + random.nextInt(-3, 4)));
        for (int flips = random.nextInt(1, 6); flips > 0 && changed.length > 0; flips--) {
          changed[random.nextInt(changed.length)] = (byte) random.nextInt();
        }
        target.run(changed);
      }
    }
  }
}
