package dev.waggle.coordinator;

import java.time.Duration;

/** Why a task failed for good. The message names the thing, the cause and what to do. */
public sealed interface TaskFailure {
  /** Fit to be shown to the user. */
  String message();

  /** No reachable node has the model. */
  record NoSuchModel(String message) implements TaskFailure {}

  /** Nodes have the model, and a label or a rule about labels keeps the request from each. */
  record NotAllowed(String message) implements TaskFailure {}

  /** Every node that has the model declined; try again no sooner than {@code retryAfter}. */
  record Overloaded(String message, Duration retryAfter) implements TaskFailure {}

  /** Every reachable node's context is too short for the prompt, of those that have the model. */
  record TooLong(String message) implements TaskFailure {}

  /** The engine refused the request itself. */
  record BadRequest(String message) implements TaskFailure {}

  /** The work failed on every node that tried, or after the answer had begun. */
  record Failed(String message) implements TaskFailure {}

  /** The client's deadline passed first. */
  record Late(String message) implements TaskFailure {}

  /** The receipt could not be written here, so the answer cannot be completed. */
  record LedgerUnavailable(String message) implements TaskFailure {}
}
