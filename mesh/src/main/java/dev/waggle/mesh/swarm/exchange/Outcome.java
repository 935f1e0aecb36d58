package dev.waggle.mesh.swarm.exchange;

/** How a task ended on its worker. */
public sealed interface Outcome {
  /** The answer is complete. */
  record Done(FinishReason reason) implements Outcome {}

  /** The work failed; the message names the cause and is fit for the user. */
  record Failed(Failure failure, String message) implements Outcome {}

  /** The requester cancelled. */
  record Canceled() implements Outcome {}

  /** Why a model stopped. */
  enum FinishReason {
    /** At its own end, or at a stop text. */
    STOP,
    /** At the token limit. */
    LENGTH,
    /** It calls tools, and waits for their answers. */
    TOOL_CALLS
  }

  /** What kind of thing failed; decides whether another worker might do better. */
  enum Failure {
    /** The engine could not be reached, crashed, stalled, or cut its answer. */
    ENGINE,
    /** The engine refused the request itself; another engine would too. */
    BAD_REQUEST,
    /** The model is not there. */
    NO_SUCH_MODEL,
    /** A limit of the worker was hit. */
    LIMIT
  }
}
