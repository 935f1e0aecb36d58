package dev.waggle.coordinator;

import dev.waggle.coordinator.Coordinator.Parts;
import dev.waggle.crypto.ClaimPromise;
import dev.waggle.ledger.Attempt;
import dev.waggle.ledger.BrokenPromise;
import dev.waggle.ledger.Claimed;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.LedgerEntry;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.Settlement;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.exchange.HeldClaim;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What one task leaves behind: in this node's ledger, and in the story that is told of it. */
final class TaskRecords {
  private final TaskId task;
  private final Parts parts;

  TaskRecords(TaskId task, Parts parts) {
    this.task = task;
    this.parts = parts;
  }

  /** What happened at a node. */
  void tell(TaskStory.Kind kind, Candidate by, String detail) {
    parts.stories().add(task, kind, Optional.of(by.worker()), detail);
  }

  /** What happened to the task as a whole. */
  void tell(TaskStory.Kind kind, String detail) {
    parts.stories().add(task, kind, Optional.empty(), detail);
  }

  /** It came to a good end, and what that took. */
  void tellDone(Candidate by, Usage usage) {
    String took =
        usage.promptTokens()
            + " + "
            + usage.outputTokens()
            + " tokens; load "
            + usage.load().toMillis()
            + " ms, prefill "
            + usage.prefill().toMillis()
            + " ms, decode "
            + usage.decode().toMillis()
            + " ms";
    tell(TaskStory.Kind.DONE, by, took);
  }

  /** A worker's word for its place. */
  void claim(ClaimPromise promise) {
    parts.ledger().note(EntryType.CLAIM, promise.worker(), new Claimed(promise).bytes());
  }

  /** An attempt that came to nothing; it earns nobody anything, and the task goes on without it. */
  void attempt(Candidate by, String cause) {
    byte[] fact = new Attempt(task.value(), by.worker(), by.model().name(), cause).bytes();
    parts.ledger().note(EntryType.ATTEMPT, parts.identity().peerId(), fact);
  }

  /** Checks the worker's half of a receipt; a false one counts against the worker. */
  ReceiptCheck.Verdict check(TaskSpec spec, HeldAttempt attempt, TaskResult result, Terms terms) {
    ReceiptCheck check =
        new ReceiptCheck(
            task,
            attempt.claim().acceptance().claim(),
            parts.identity(),
            attempt.by().worker(),
            attempt.claim().acceptance().model(),
            spec.requirements().labels(),
            terms.keeping().map(each -> each.part().job()).orElse(""),
            attempt.observation(terms),
            attempt.envelopeHash());
    ReceiptCheck.Verdict verdict = check.countersign(result);
    if (verdict instanceof ReceiptCheck.Verdict.Invalid && isRemote(attempt)) {
      byte[] evidence = evidence(attempt.claim(), result.receipt());
      parts.workers().onFault(attempt.by().worker(), Fault.FALSE_RECEIPT, evidence);
    }
    return verdict;
  }

  private boolean isRemote(HeldAttempt attempt) {
    return !attempt.by().worker().equals(parts.identity().peerId());
  }

  /** What proves a false receipt to others, where something does. */
  private static byte[] evidence(HeldClaim claim, byte[] receipt) {
    try {
      Receipt half = Receipt.parse(receipt);
      return claim
          .promise()
          .map(promise -> new BrokenPromise(promise, half))
          .filter(broken -> !broken.contradictions().isEmpty())
          .map(BrokenPromise::bytes)
          .orElse(new byte[0]);
    } catch (MalformedReceiptException e) {
      return new byte[0];
    }
  }

  /** A receipt signed by both; completes when it is on disk, and is soon with another worker. */
  CompletableFuture<LedgerEntry> record(Receipt receipt, HeldAttempt attempt) {
    boolean isRemote = isRemote(attempt);
    return parts
        .ledger()
        .record(receipt, isRemote)
        .whenComplete(
            (entry, failure) -> {
              if (isRemote && failure == null) {
                parts
                    .settler()
                    .deliverSoon(new Settlement(entry.sequence(), attempt.by().worker(), receipt));
              }
            });
  }
}
