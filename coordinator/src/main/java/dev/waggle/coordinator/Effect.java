package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;

/** What {@link TaskMachine} decided should be done. Attempts are numbered from 1. */
sealed interface Effect {
  /** Offer the task; the answer comes back with the attempt's number. */
  record SendOffer(int attempt, Candidate to) implements Effect {}

  /** Seal the task to the claim that the attempt holds, and start its clock. */
  record AssignTask(int attempt, TaskSpec task) implements Effect {}

  /** Give the attempt's offer or claim up. */
  record GiveUp(int attempt) implements Effect {}

  /** Tell the listener who answers. */
  record TellStarted(int attempt, Candidate by) implements Effect {}

  /** The answer goes on with another worker; the listener sees nothing of it. */
  record TellResumed(int attempt, Candidate by) implements Effect {}

  /** Tell the listener that the answer begins anew. */
  record TellRestarted() implements Effect {}

  /** Tell the listener a piece of the answer. */
  record TellChunk(Chunk chunk) implements Effect {}

  /** Check the worker's half of the receipt, countersign it, and have it on disk. */
  record RecordReceipt(int attempt, Candidate by, TaskResult result) implements Effect {}

  /** Note in the ledger that an attempt came to nothing. */
  record RecordAttempt(int attempt, Candidate by, String cause) implements Effect {}

  /** Tell the listener that all is done. */
  record TellDone(int attempt, Candidate by, Outcome.FinishReason reason, Usage usage)
      implements Effect {}

  /** Tell the listener that nothing more can be done. */
  record TellFailed(TaskFailure failure) implements Effect {}
}
