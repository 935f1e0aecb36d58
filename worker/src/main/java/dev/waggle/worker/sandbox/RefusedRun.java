package dev.waggle.worker.sandbox;

import dev.waggle.worker.engine.EngineException;
import dev.waggle.worker.engine.Generation;

/** A run that cannot be. */
public record RefusedRun(EngineException why) implements Generation {
  @Override
  public End run(Output output) throws EngineException {
    throw why;
  }

  @Override
  public void cancel() {
    // It does nothing that could be stopped.
  }
}
