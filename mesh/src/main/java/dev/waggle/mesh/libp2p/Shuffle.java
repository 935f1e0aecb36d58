package dev.waggle.mesh.libp2p;

import java.util.List;
import java.util.random.RandomGenerator;

/** Puts a list into random order (Fisher and Yates), with a generator that decides a simulation. */
public final class Shuffle {
  private Shuffle() {}

  /** Shuffles in place. */
  public static <T> void shuffle(List<T> list, RandomGenerator random) {
    for (int i = list.size() - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      T kept = list.get(i);
      list.set(i, list.get(j));
      list.set(j, kept);
    }
  }
}
