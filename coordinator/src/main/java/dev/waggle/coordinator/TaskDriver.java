package dev.waggle.coordinator;

import dev.waggle.coordinator.Coordinator.Parts;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferOutcome;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Progress;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.ResultListener;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Performs what {@link TaskMachine} decides for one task. All state belongs to the strand. */
final class TaskDriver implements RunningTask {
  private static final Logger log = LoggerFactory.getLogger(TaskDriver.class);

  // A first token that is this much later than forecast is late.
  private static final int LATE_FACTOR = 2;
  private static final Duration LATE_LEAST = Duration.ofSeconds(2);

  /** How long a model that is in memory may take to its first token, beside what is forecast. */
  private static final Duration LOADED_FIRST_CHUNK_MAX = Duration.ofSeconds(60);

  /** How long a task may wait in a worker's queue. */
  private static final Duration QUEUE_MAX = Duration.ofMinutes(5);

  // For the start of a sandbox, and for the files that come back.
  private static final Duration CODE_GRACE = Duration.ofSeconds(30);

  private final TaskId id;
  private final TaskSpec spec;
  private final Terms terms;
  private final TaskListener listener;
  private final Parts parts;
  private final Consumer<TaskDriver> onEnd;
  private final TaskMachine machine;
  private final TaskRecords records;
  private final Strand strand = new Strand();
  private final Map<Integer, Offered> offers = new HashMap<>();
  private final Map<Integer, HeldAttempt> attempts = new HashMap<>();
  private final long submittedNanos = System.nanoTime();
  private Duration queued = Duration.ZERO;
  private @Nullable Future<?> deadline;
  private boolean ended;

  private record Offered(Candidate to, CompletableFuture<OfferOutcome> outcome) {}

  TaskDriver(
      TaskId id,
      TaskSpec spec,
      Terms terms,
      List<Candidate> ranked,
      TaskListener listener,
      Parts parts,
      Consumer<TaskDriver> onEnd) {
    this.id = id;
    this.spec = spec;
    this.terms = terms;
    this.listener = listener;
    this.parts = parts;
    this.onEnd = onEnd;
    this.records = new TaskRecords(id, parts);
    this.machine = new TaskMachine(spec, ranked, terms.restartable());
  }

  void start() {
    strand.run(
        () -> {
          terms
              .deadline()
              .ifPresent(time -> deadline = after(time, () -> machine.onDeadline(time)));
          perform(machine.start());
        });
  }

  /** Steps the machine later, on the strand. */
  private Future<?> after(Duration time, Supplier<List<Effect>> step) {
    return parts
        .timer()
        .schedule(
            () -> strand.run(() -> perform(step.get())), time.toMillis(), TimeUnit.MILLISECONDS);
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

  @Override
  public void leave() {
    strand.run(() -> attempts.values().forEach(each -> each.claim().leave()));
    cancel();
  }

  private void perform(List<Effect> effects) {
    for (Effect effect : effects) {
      perform(effect);
    }
  }

  private void perform(Effect effect) {
    if (effect instanceof Effect.SendOffer send) {
      sendOffer(send);
    } else if (effect instanceof Effect.AssignTask assign) {
      assign(assign);
    } else if (effect instanceof Effect.GiveUp giveUp) {
      giveUp(giveUp.attempt());
    } else if (effect instanceof Effect.TellStarted started) {
      onAnswering(started.attempt(), TaskStory.Kind.STARTED);
      listener.onStarted(held(started.attempt()).placement(id, queued));
    } else if (effect instanceof Effect.TellResumed resumed) {
      onAnswering(resumed.attempt(), TaskStory.Kind.RESUMED);
    } else if (effect instanceof Effect.TellRestarted) {
      listener.onRestarted();
    } else if (effect instanceof Effect.RecordReceipt receipt) {
      recordReceipt(receipt);
    } else if (effect instanceof Effect.RecordAttempt failed) {
      recordAttempt(failed);
    } else if (effect instanceof Effect.TellDone done) {
      tellDone(done);
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
    Candidate to = send.to();
    parts.workers().onOffered(to.worker(), to.model().name());
    Requirements wanted = specFor(spec, to).requirements();
    Offer terms = new Offer(id, wanted, SizeBucket.of(spec), patience(), this.terms.priority());
    tell(TaskStory.Kind.OFFERED, to, to.model().name());
    CompletableFuture<OfferOutcome> asked = parts.exchange().offer(to.worker(), terms);
    offers.put(send.attempt(), new Offered(to, asked));
    asked.whenComplete((outcome, failure) -> strand.run(() -> onOffered(send, outcome, failure)));
  }

  /** How long it may wait in a queue. */
  private Duration patience() {
    return terms
        .deadline()
        .map(time -> time.minusNanos(System.nanoTime() - submittedNanos))
        .filter(left -> left.compareTo(QUEUE_MAX) < 0)
        .map(left -> left.isNegative() ? Duration.ZERO : left)
        .orElse(QUEUE_MAX);
  }

  /** Any model becomes the one that the node has. */
  private static TaskSpec specFor(TaskSpec task, Candidate by) {
    return ModelQuery.of(task.model()).any() ? task.with(by.model().name()) : task;
  }

  private void tell(TaskStory.Kind kind, Candidate by, String detail) {
    parts.stories().add(id, kind, Optional.of(by.worker()), detail);
  }

  private void tell(TaskStory.Kind kind, String detail) {
    parts.stories().add(id, kind, Optional.empty(), detail);
  }

  private void onOffered(
      Effect.SendOffer send, @Nullable OfferOutcome outcome, @Nullable Throwable failure) {
    offers.remove(send.attempt());
    Candidate to = send.to();
    if (outcome instanceof OfferOutcome.Claimed claimed) {
      if (ended) {
        claimed.claim().cancel();
        parts.workers().onReleased(to.worker(), to.model().name());
        return;
      }
      HeldAttempt held = new HeldAttempt(send.attempt(), to, claimed.claim());
      attempts.put(send.attempt(), held);
      parts.snapshots().begin(to.worker(), spec);
      OfferReply.Accepted acceptance = claimed.claim().acceptance();
      int before = acceptance.queuePosition();
      tell(
          TaskStory.Kind.CLAIMED,
          to,
          before == 0
              ? ""
              : before + " tasks go first, about " + acceptance.eta().toMillis() + " ms");
      claimed.claim().promise().ifPresent(records::claim);
      String digest = acceptance.model().digest();
      perform(
          acceptance.queuePosition() > 0
              ? machine.onQueued(send.attempt(), digest)
              : machine.onAccepted(send.attempt(), digest));
      return;
    }
    parts.workers().onReleased(to.worker(), to.model().name());
    if (failure instanceof CancellationException) {
      return; // It was withdrawn here, which says nothing of the worker.
    }
    if (outcome instanceof OfferOutcome.Declined declined) {
      tell(TaskStory.Kind.DECLINED, to, TaskMachine.describe(declined.reply().reason()));
      perform(machine.onDeclined(send.attempt(), declined.reply()));
    } else {
      String cause = describe(failure);
      parts.workers().onFailed(to.worker(), to.model().name(), cause);
      tell(TaskStory.Kind.DECLINED, to, "it could not be reached: " + cause);
      perform(machine.onUnreachable(send.attempt(), cause));
    }
  }

  private void assign(Effect.AssignTask effect) {
    HeldAttempt mine = held(effect.attempt());
    OfferReply.Accepted acceptance = mine.claim().acceptance();
    Duration wait = acceptance.queuePosition() > 0 ? patience() : Duration.ZERO;
    watchForFirstChunk(mine, wait, acceptance.eta());
    mine.onAssigning();
    if (acceptance.queuePosition() > 0) {
      listener.onProgress(
          mine.placement(id, waited()),
          new Progress(false, acceptance.queuePosition(), acceptance.eta()));
    }
    mine.onAssigned(
        mine.claim()
            .assign(
                specFor(effect.task(), mine.by()),
                terms.keeping().map(Keeping::part),
                new Results(mine.number())));
  }

  /**
   * Watches for the beginning of the answer.
   *
   * @param wait how long the worker may let the task wait before it begins with it
   * @param eta how long that will probably be
   */
  private void watchForFirstChunk(HeldAttempt mine, Duration wait, Duration eta) {
    Candidate by = mine.by();
    if (spec instanceof TaskSpec.Code code) {
      // Code may say nothing until its end; its worker says all the while that it runs.
      Duration all = wait.plus(most(code));
      mine.stopWatching();
      mine.watch(after(all, () -> machine.onFirstChunkOverdue(mine.number(), all)));
      return;
    }
    Duration expected = by.forecast().first();
    Duration limit = parts.firstChunkMax();
    if (by.model().loaded()) {
      Duration loaded = LOADED_FIRST_CHUNK_MAX.plus(expected.multipliedBy(LATE_FACTOR));
      limit = loaded.compareTo(limit) < 0 ? loaded : limit;
    }
    Duration most = limit.plus(wait);
    mine.stopWatching();
    mine.watch(after(most, () -> machine.onFirstChunkOverdue(mine.number(), most)));
    Duration late = LATE_LEAST.plus(expected.plus(eta).multipliedBy(LATE_FACTOR));
    if (late.compareTo(most) < 0) {
      mine.watch(after(late, () -> machine.onLate(mine.number())));
    }
  }

  /** How long code may take with all that is around it. */
  private static Duration most(TaskSpec.Code code) {
    Duration run = code.limits().wall().plus(CODE_GRACE);
    return code.snapshot().isPresent() ? run.plus(Snapshot.FETCH_MAX) : run;
  }

  private Duration waited() {
    return Duration.ofNanos(System.nanoTime() - submittedNanos);
  }

  /** The attempt is the one that answers. */
  private void onAnswering(int attempt, TaskStory.Kind kind) {
    HeldAttempt mine = held(attempt);
    mine.stopWatching();
    if (spec instanceof TaskSpec.Code code) {
      Duration most = most(code);
      mine.watch(after(most, () -> machine.onStalled(mine.number(), most)));
    } else {
      watchForStall(mine);
    }
    parts.workers().onAnswered(mine.by().worker());
    tell(kind, mine.by(), "");
  }

  private void watchForStall(HeldAttempt mine) {
    mine.stopWatching();
    mine.watch(
        after(
            parts.stallMax(),
            () -> {
              if (mine.isStalled(parts.stallMax())) {
                return machine.onStalled(mine.number(), parts.stallMax());
              }
              if (attempts.containsKey(mine.number())) {
                watchForStall(mine);
              }
              return List.of();
            }));
  }

  private void giveUp(int attempt) {
    Offered offered = offers.get(attempt);
    if (offered != null) {
      offered.outcome().cancel(true);
      return; // What comes of it is heard in onOffered.
    }
    HeldAttempt mine = attempts.get(attempt);
    if (mine != null) {
      tell(TaskStory.Kind.DROPPED, mine.by(), "");
      mine.claim().cancel();
      release(attempt);
    }
  }

  private void recordReceipt(Effect.RecordReceipt effect) {
    HeldAttempt mine = held(effect.attempt());
    mine.stopWatching();
    ReceiptCheck.Verdict verdict = records.check(spec, mine, effect.result(), terms);
    if (verdict instanceof ReceiptCheck.Verdict.Invalid invalid) {
      perform(machine.onReceiptInvalid(effect.attempt(), invalid.cause()));
      return;
    }
    parts
        .workers()
        .onDone(
            mine.by().worker(),
            mine.claim().acceptance().model(),
            spec,
            machine.text(),
            effect.result().usage());
    records
        .record(((ReceiptCheck.Verdict.Valid) verdict).receipt(), mine)
        .whenComplete(
            (entry, failure) ->
                strand.run(
                    () -> {
                      if (failure != null) {
                        perform(machine.onLedgerFailed(effect.attempt(), describe(failure)));
                      } else {
                        perform(machine.onRecorded(effect.attempt(), effect.result()));
                      }
                    }));
  }

  private void recordAttempt(Effect.RecordAttempt effect) {
    log.info("task {}: {} failed: {}", id, effect.by(), effect.cause());
    tell(TaskStory.Kind.BROKEN, effect.by(), effect.cause());
    Candidate by = effect.by();
    parts.workers().onFailed(by.worker(), by.model().name(), effect.cause());
    records.attempt(by, effect.cause());
    release(effect.attempt());
  }

  private void tellDone(Effect.TellDone done) {
    Placement placement =
        Optional.ofNullable(attempts.get(done.attempt()))
            .map(held -> held.placement(id, queued))
            .orElseGet(
                () ->
                    new Placement(
                        id,
                        done.by().worker(),
                        done.by().name(),
                        done.by().model().name(),
                        done.by().model().digest(),
                        queued));
    end();
    tell(TaskStory.Kind.DONE, done.by(), describe(done.usage()));
    listener.onDone(new TaskSummary(placement, done.reason(), done.usage()));
  }

  private HeldAttempt held(int attempt) {
    HeldAttempt held = attempts.get(attempt);
    if (held == null) {
      throw new AssertionError("the machine used a claim that is not held");
    }
    return held;
  }

  /** Lets go of an attempt that is over. */
  private void release(int attempt) {
    HeldAttempt over = attempts.remove(attempt);
    if (over != null) {
      over.stopWatching();
      parts.snapshots().end(over.by().worker(), spec);
      parts.workers().onReleased(over.by().worker(), over.by().model().name());
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      List.copyOf(attempts.keySet()).forEach(this::release);
      if (deadline != null) {
        deadline.cancel(false);
      }
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
    if (failure == null) {
      return "unknown";
    }
    Throwable cause = Failures.cause(failure);
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  /** Brings what one claim's worker says onto the strand. */
  private final class Results implements ResultListener {
    private final int number;
    private boolean ran;

    Results(int number) {
      this.number = number;
    }

    @Override
    public void onBeat(Progress progress) {
      strand.run(() -> onProgress(progress));
    }

    private void onProgress(Progress progress) {
      HeldAttempt mine = attempts.get(number);
      if (mine == null || mine.hasBegun() || ended) {
        return;
      }
      if (progress.running() && !ran) {
        ran = true;
        queued = waited();
        watchForFirstChunk(mine, Duration.ZERO, Duration.ZERO);
        tell(TaskStory.Kind.RUNNING, mine.by(), "");
      }
      listener.onProgress(mine.placement(id, waited()), progress);
    }

    private void tell(TaskStory.Kind kind, Candidate by, String detail) {
      TaskDriver.this.tell(kind, by, detail);
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
          held(number).onChunk(tell.chunk());
          told = listener.onChunk(tell.chunk());
        } else {
          perform(effect);
        }
      }
      told.whenComplete(
          (nothing, failure) -> {
            strand.run(() -> onTold());
            if (failure == null) {
              taken.complete(null);
            } else {
              taken.completeExceptionally(failure);
            }
          });
    }

    private void onTold() {
      HeldAttempt mine = attempts.get(number);
      if (mine != null) {
        mine.onTold();
      }
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
