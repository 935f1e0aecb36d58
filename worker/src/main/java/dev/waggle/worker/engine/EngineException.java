package dev.waggle.worker.engine;

import dev.waggle.mesh.swarm.exchange.Outcome;

/** An engine failed; the message names the cause and is fit for the user. */
public final class EngineException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Outcome.Failure failure;

  public EngineException(Outcome.Failure failure, String message) {
    super(message);
    this.failure = failure;
  }

  public EngineException(Outcome.Failure failure, String message, Throwable cause) {
    super(message, cause);
    this.failure = failure;
  }

  /** What kind of failure it is. */
  public Outcome.Failure failure() {
    return failure;
  }

  /** Never null: there is always a cause. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
