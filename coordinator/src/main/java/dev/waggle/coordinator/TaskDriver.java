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
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Performs what {@link TaskMachine} decides for one task. All state belongs to the strand. */
final class TaskDriver implements RunningTask {
  private static final Logger log = LoggerFactory.getLogger(TaskDriver.class);

  private final TaskId id;
  private final TaskSpec spec;
  private final Terms terms;
  private final TaskListener listener;
  private final Parts parts;
  private final Consumer<TaskDriver> onEnd;
  private final TaskMachine machine;
  private final TaskRecords records;
  private final TaskTimers timers;
  private final Strand strand = new Strand();
  private final Map<Integer, Offered> offers = new HashMap<>();
  private final Map<Integer, HeldAttempt> attempts = new HashMap<>();
  private Duration queued = Duration.ZERO;
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
    this.timers =
        new TaskTimers(spec, terms, parts, machine, step -> strand.run(() -> perform(step.get())));
  }

  void start() {
    strand.run(
        () -> {
          timers.start();
          perform(machine.start());
        });
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
            records.tell(TaskStory.Kind.CANCELED, "");
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
      records.tell(TaskStory.Kind.FAILED, failed.failure().message());
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
    Requirements wanted = to.task(spec).requirements();
    Offer terms =
        new Offer(id, wanted, SizeBucket.of(spec), timers.patience(), this.terms.priority());
    records.tell(TaskStory.Kind.OFFERED, to, to.model().name());
    CompletableFuture<OfferOutcome> asked = parts.exchange().offer(to.worker(), terms);
    offers.put(send.attempt(), new Offered(to, asked));
    asked.whenComplete((outcome, failure) -> strand.run(() -> onOffered(send, outcome, failure)));
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
      records.tell(
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
      records.tell(TaskStory.Kind.DECLINED, to, TaskMachine.describe(declined.reply().reason()));
      perform(machine.onDeclined(send.attempt(), declined.reply()));
    } else {
      String cause = describe(failure);
      parts.workers().onFailed(to.worker(), to.model().name(), cause);
      records.tell(TaskStory.Kind.DECLINED, to, "it could not be reached: " + cause);
      perform(machine.onUnreachable(send.attempt(), cause));
    }
  }

  private void assign(Effect.AssignTask effect) {
    HeldAttempt mine = held(effect.attempt());
    OfferReply.Accepted acceptance = mine.claim().acceptance();
    Duration wait = acceptance.queuePosition() > 0 ? timers.patience() : Duration.ZERO;
    timers.awaitBeginning(mine, wait, acceptance.eta());
    mine.onAssigning();
    if (acceptance.queuePosition() > 0) {
      listener.onProgress(
          mine.placement(id, timers.waited()),
          new Progress(false, acceptance.queuePosition(), acceptance.eta()));
    }
    mine.onAssigned(
        mine.claim()
            .assign(
                mine.by().task(effect.task()),
                terms.keeping().map(Keeping::part),
                new Results(mine.number())));
  }

  /** The attempt is the one that answers. */
  private void onAnswering(int attempt, TaskStory.Kind kind) {
    HeldAttempt mine = held(attempt);
    timers.onAnswering(mine);
    parts.workers().onAnswered(mine.by().worker());
    records.tell(kind, mine.by(), "");
  }

  private void giveUp(int attempt) {
    Offered offered = offers.get(attempt);
    if (offered != null) {
      offered.outcome().cancel(true);
      return; // What comes of it is heard in onOffered.
    }
    HeldAttempt mine = attempts.get(attempt);
    if (mine != null) {
      records.tell(TaskStory.Kind.DROPPED, mine.by(), "");
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
    records.tell(TaskStory.Kind.BROKEN, effect.by(), effect.cause());
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
    records.tellDone(done.by(), done.usage());
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
      over.end();
      parts.snapshots().end(over.by().worker(), spec);
      parts.workers().onReleased(over.by().worker(), over.by().model().name());
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      List.copyOf(attempts.keySet()).forEach(this::release);
      timers.end();
      onEnd.accept(this);
    }
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
        queued = timers.waited();
        timers.awaitBeginning(mine, Duration.ZERO, Duration.ZERO);
        records.tell(TaskStory.Kind.RUNNING, mine.by(), "");
      }
      listener.onProgress(mine.placement(id, timers.waited()), progress);
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
