package dev.waggle.worker;

import java.util.Optional;

/** Remembers what probes found, so that a model is probed once. Thread-safe; may block shortly. */
public interface ProbeMemory {
  /** What was found for the model of a digest with an engine; empty when it was not probed. */
  Optional<Boolean> resumable(String engine, String digest);

  /** Keeps what was found. */
  void remember(String engine, String digest, boolean resumable);
}
