package dev.waggle.coordinator;

import dev.waggle.coordinator.Coordinator.Parts;
import dev.waggle.crypto.ClaimPromise;
import dev.waggle.ledger.Attempt;
import dev.waggle.ledger.BrokenPromise;
import dev.waggle.ledger.Claimed;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.Observation;
import dev.waggle.ledger.Receipt;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.HeldClaim;
import dev.waggle.mesh.swarm.exchange.ModelId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferOutcome;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.ResultListener;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Performs what {@link TaskMachine} decides for one task. All state belongs to the strand. */
final class TaskDriver implements RunningTask {
  private static final Logger log = LoggerFactory.getLogger(TaskDriver.class);

  private final TaskId id;
  private final TaskSpec spec;
  private final TaskListener listener;
  private final Parts parts;
  private final Consumer<TaskDriver> onEnd;
  private final TaskMachine machine;
  private final Strand strand = new Strand();

  private @Nullable CompletableFuture<OfferOutcome> offer;
  private @Nullable Held attempt;
  private boolean ended;

  /** The claim that is held now, and what the receipt will be checked against. */
  private static final class Held {
    final int number;
    final Candidate by;
    final HeldClaim claim;
    byte[] envelopeHash = {};
    long assignedNanos;
    long firstNanos;
    long outputBytes;
    @Nullable Future<?> overdue;

    Held(int number, Candidate by, HeldClaim claim) {
      this.number = number;
      this.by = by;
      this.claim = claim;
    }

    void onChunk(Chunk chunk) {
      if (firstNanos == 0) {
        firstNanos = System.nanoTime();
      }
      outputBytes += chunk.textBytes();
    }

    Observation observation() {
      long now = System.nanoTime();
      long first = firstNanos == 0 ? now : firstNanos;
      return new Observation(
          outputBytes,
          Duration.ofNanos(first - assignedNanos),
          Duration.ofNanos(now - assignedNanos));
    }
  }

  TaskDriver(
      TaskId id,
      TaskSpec spec,
      List<Candidate> ranked,
      TaskListener listener,
      Parts parts,
      Consumer<TaskDriver> onEnd) {
    this.id = id;
    this.spec = spec;
    this.listener = listener;
    this.parts = parts;
    this.onEnd = onEnd;
    this.machine = new TaskMachine(spec.requirements().model(), ranked);
  }

  void start() {
    strand.run(() -> perform(machine.start()));
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public void cancel() {
    strand.run(
        () -> {
          if (!ended) {
            tell(TaskStory.Kind.CANCELED, "");
          }
          perform(machine.onCanceled());
          end();
        });
  }

  private void perform(List<Effect> effects) {
    for (Effect effect : effects) {
      perform(effect);
    }
  }

  private void perform(Effect effect) {
    if (effect instanceof Effect.SendOffer send) {
      sendOffer(send);
    } else if (effect instanceof Effect.AssignTask) {
      assign();
    } else if (effect instanceof Effect.GiveUp) {
      giveUp();
    } else if (effect instanceof Effect.TellStarted started) {
      parts.workers().onAnswered(started.by().worker());
      tell(TaskStory.Kind.STARTED, started.by(), "");
      listener.onStarted(placement(started.by()));
    } else if (effect instanceof Effect.RecordReceipt receipt) {
      recordReceipt(receipt);
    } else if (effect instanceof Effect.RecordAttempt failed) {
      recordAttempt(failed);
    } else if (effect instanceof Effect.TellDone done) {
      Placement placement = placement(done.by());
      end();
      Outcome.Done outcome = (Outcome.Done) done.result().outcome();
      tell(TaskStory.Kind.DONE, done.by(), describe(done.result().usage()));
      listener.onDone(new TaskSummary(placement, outcome.reason(), done.result().usage()));
    } else if (effect instanceof Effect.TellFailed failed) {
      log.info("task {} failed: {}", id, failed.failure().message());
      tell(TaskStory.Kind.FAILED, failed.failure().message());
      end();
      listener.onFailed(failed.failure());
    } else {
      // Chunks are told in onChunk, where their future is.
      throw new AssertionError("no treatment for " + effect.getClass());
    }
  }

  private void sendOffer(Effect.SendOffer send) {
    release();
    parts.workers().onTaken(send.to().worker());
    Requirements wanted = specFor(send.to()).requirements();
    Offer terms = new Offer(id, wanted, SizeBucket.of(spec), parts.firstChunkMax());
    tell(TaskStory.Kind.OFFERED, send.to(), send.to().model().name());
    CompletableFuture<OfferOutcome> asked = parts.exchange().offer(send.to().worker(), terms);
    offer = asked;
    asked.whenComplete((outcome, failure) -> strand.run(() -> onOffered(send, outcome, failure)));
  }

  /** Any model becomes the one that the node has. */
  private TaskSpec specFor(Candidate by) {
    TaskSpec.Chat chat = (TaskSpec.Chat) spec;
    return ModelQuery.of(chat.model()).any()
        ? new TaskSpec.Chat(by.model().name(), chat.labels(), chat.messages(), chat.sampling())
        : spec;
  }

  private void tell(TaskStory.Kind kind, Candidate by, String detail) {
    parts.stories().add(id, kind, Optional.of(by.worker()), detail);
  }

  private void tell(TaskStory.Kind kind, String detail) {
    parts.stories().add(id, kind, Optional.empty(), detail);
  }

  private void onOffered(
      Effect.SendOffer send, @Nullable OfferOutcome outcome, @Nullable Throwable failure) {
    if (outcome instanceof OfferOutcome.Claimed claimed) {
      if (ended) {
        claimed.claim().cancel();
        return;
      }
      attempt = new Held(send.attempt(), send.to(), claimed.claim());
      int before = claimed.claim().acceptance().queuePosition();
      tell(TaskStory.Kind.CLAIMED, send.to(), before == 0 ? "" : before + " tasks go first");
      claimed.claim().promise().ifPresent(this::recordClaim);
      perform(machine.onAccepted(send.attempt()));
      return;
    }
    parts.workers().onReleased(send.to().worker());
    if (outcome instanceof OfferOutcome.Declined declined) {
      tell(TaskStory.Kind.DECLINED, send.to(), TaskMachine.describe(declined.reply().reason()));
      perform(machine.onDeclined(send.attempt(), declined.reply()));
    } else {
      parts.workers().onFailed(send.to().worker());
      tell(TaskStory.Kind.DECLINED, send.to(), "it could not be reached: " + describe(failure));
      perform(machine.onUnreachable(send.attempt(), describe(failure)));
    }
  }

  private void assign() {
    Held mine = current();
    mine.overdue =
        parts
            .timer()
            .schedule(
                () ->
                    strand.run(
                        () ->
                            perform(
                                machine.onFirstChunkOverdue(mine.number, parts.firstChunkMax()))),
                parts.firstChunkMax().toMillis(),
                TimeUnit.MILLISECONDS);
    mine.assignedNanos = System.nanoTime();
    mine.envelopeHash = mine.claim.assign(specFor(mine.by), new Results(mine.number));
  }

  private void giveUp() {
    if (offer != null) {
      offer.cancel(true);
    }
    if (attempt != null) {
      attempt.claim.cancel();
    }
  }

  private void recordReceipt(Effect.RecordReceipt effect) {
    Held mine = current();
    cancelOverdue(mine);
    ReceiptCheck check =
        new ReceiptCheck(
            id,
            mine.claim.acceptance().claim(),
            parts.identity(),
            mine.by.worker(),
            mine.claim.acceptance().model(),
            spec.requirements().labels(),
            mine.observation(),
            mine.envelopeHash);
    ReceiptCheck.Verdict verdict = check.countersign(effect.result());
    boolean remote = !mine.by.worker().equals(parts.identity().peerId());
    if (verdict instanceof ReceiptCheck.Verdict.Invalid invalid) {
      if (remote) {
        byte[] evidence = evidence(mine.claim, effect.result().receipt());
        parts.workers().onFault(mine.by.worker(), Fault.FALSE_RECEIPT, evidence);
      }
      perform(machine.onReceiptInvalid(effect.attempt(), invalid.cause()));
      return;
    }
    Receipt receipt = ((ReceiptCheck.Verdict.Valid) verdict).receipt();
    parts
        .ledger()
        .record(receipt, remote)
        .whenComplete(
            (entry, failure) ->
                strand.run(
                    () -> {
                      if (failure != null) {
                        perform(machine.onLedgerFailed(effect.attempt(), describe(failure)));
                      } else {
                        perform(machine.onRecorded(effect.attempt(), effect.result()));
                        parts.settler().kick();
                      }
                    }));
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

  private void recordAttempt(Effect.RecordAttempt effect) {
    log.info("task {}: {} failed: {}", id, effect.by(), effect.cause());
    tell(TaskStory.Kind.BROKEN, effect.by(), effect.cause());
    parts.workers().onFailed(effect.by().worker());
    byte[] fact =
        new Attempt(id.value(), effect.by().worker(), effect.by().model().name(), effect.cause())
            .bytes();
    // It earns nobody anything; the task goes on without it.
    parts.ledger().note(EntryType.ATTEMPT, parts.identity().peerId(), fact);
  }

  private void recordClaim(ClaimPromise promise) {
    parts.ledger().note(EntryType.CLAIM, promise.worker(), new Claimed(promise).bytes());
  }

  private Placement placement(Candidate by) {
    ModelId model = current().claim.acceptance().model();
    return new Placement(id, by.worker(), by.name(), model.name(), model.digest());
  }

  private Held current() {
    if (attempt == null) {
      throw new AssertionError("the machine used a claim that is not held");
    }
    return attempt;
  }

  /** Lets go of the attempt that is over, if any. */
  private void release() {
    offer = null;
    if (attempt != null) {
      cancelOverdue(attempt);
      parts.workers().onReleased(attempt.by.worker());
      attempt = null;
    }
  }

  private static void cancelOverdue(Held attempt) {
    if (attempt.overdue != null) {
      attempt.overdue.cancel(false);
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      release();
      onEnd.accept(this);
    }
  }

  private static String describe(Usage usage) {
    return usage.promptTokens()
        + " + "
        + usage.outputTokens()
        + " tokens; load "
        + usage.load().toMillis()
        + " ms, prefill "
        + usage.prefill().toMillis()
        + " ms, decode "
        + usage.decode().toMillis()
        + " ms";
  }

  private static String describe(@Nullable Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause == null) {
      return "unknown";
    }
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  /** Brings what one claim's worker says onto the strand. */
  private final class Results implements ResultListener {
    private final int number;

    Results(int number) {
      this.number = number;
    }

    @Override
    public void onBeat() {
      // The exchange watches for silence; a beat decides nothing here.
    }

    @Override
    public CompletableFuture<Void> onChunk(Chunk chunk) {
      CompletableFuture<Void> taken = new CompletableFuture<>();
      strand.run(() -> tell(chunk, taken));
      return taken;
    }

    private void tell(Chunk chunk, CompletableFuture<Void> taken) {
      CompletableFuture<Void> told = CompletableFuture.completedFuture(null);
      for (Effect effect : machine.onChunk(number, chunk)) {
        if (effect instanceof Effect.TellChunk tell) {
          current().onChunk(tell.chunk());
          told = listener.onChunk(tell.chunk());
        } else {
          perform(effect);
          cancelOverdue(current());
        }
      }
      told.whenComplete(
          (nothing, failure) -> {
            if (failure == null) {
              taken.complete(null);
            } else {
              taken.completeExceptionally(failure);
            }
          });
    }

    @Override
    public void onResult(TaskResult result) {
      strand.run(() -> perform(machine.onResult(number, result)));
    }

    @Override
    public void onLost(IOException cause) {
      strand.run(() -> perform(machine.onLost(number, describe(cause))));
    }
  }
}
