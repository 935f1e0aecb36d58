package dev.waggle.worker;

import java.util.Optional;

/** A memory in which every model was probed, and none continues what it did not write. */
final class NoProbes implements ProbeMemory {
  @Override
  public Optional<Boolean> resumable(String engine, String digest) {
    return Optional.of(false);
  }

  @Override
  public void remember(String engine, String digest, boolean resumable) {
    throw new AssertionError("nothing is probed");
  }
}
