package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides what happens next to one task. Performs no I/O and reads no clock.
 *
 * <p>Candidates are tried one at a time, the best first; when the first is late, a second beside it
 * ({@link #onLate}). The first chunk decides which of them answers, and the other is given up. An
 * answer that breaks off goes on with a candidate that has the very model and is known to continue
 * what another began; a candidate whose engine broke gets a second chance, after the others.
 *
 * <p>Every event names the attempt it belongs to; an event of an attempt that is over is late and
 * changes nothing, which is the requester's half of fencing.
 */
final class TaskMachine {
  /** How often one candidate is tried for one task. */
  static final int TRIES_MAX = 2;

  private enum State {
    OFFERED,
    ASSIGNED,
    ANSWERING,
    RECORDING
  }

  private static final class Attempt {
    final int number;
    final Candidate by;
    State state = State.OFFERED;
    String digest = "";

    Attempt(int number, Candidate by) {
      this.number = number;
      this.by = by;
    }
  }

  private final String model;
  private final AnswerSoFar answer;
  private final boolean restartable;
  private final Deque<Candidate> untried;
  private final Map<Candidate, Integer> tries = new LinkedHashMap<>();
  private final Map<Integer, Attempt> live = new LinkedHashMap<>();
  private final List<String> troubles = new ArrayList<>();
  private int attempts;
  private boolean ended;
  private boolean hedged;
  private String answeringDigest = "";
  private boolean anyBusy;
  private Duration retryAfter = Duration.ZERO;

  /**
   * @param restartable whether an answer that broke off may begin anew
   */
  TaskMachine(TaskSpec task, List<Candidate> ranked, boolean restartable) {
    if (ranked.isEmpty()) {
      throw new IllegalArgumentException("a task needs at least one candidate");
    }
    this.model = task.model();
    this.answer = new AnswerSoFar(task);
    this.restartable = restartable;
    this.untried = new ArrayDeque<>(ranked);
  }

  List<Effect> start() {
    return offerNext();
  }

  /**
   * The worker has a place.
   *
   * @param digest of the model that it promises
   */
  List<Effect> onAccepted(int of, String digest) {
    Attempt attempt = live.get(of);
    if (attempt == null || attempt.state != State.OFFERED) {
      return List.of(new Effect.GiveUp(of)); // The offer had timed out here; free the place.
    }
    if (!answer.isEmpty() && !digest.equals(answeringDigest)) {
      live.remove(of);
      troubles.add(attempt.by.name() + " has another model under that name by now");
      List<Effect> effects = new ArrayList<>();
      effects.add(new Effect.GiveUp(of));
      effects.addAll(offerNext());
      return effects;
    }
    attempt.digest = digest;
    attempt.state = State.ASSIGNED;
    return List.of(new Effect.AssignTask(of, answer.rest()));
  }

  /** The same, but the task would wait there: where another has it already, that is of no use. */
  List<Effect> onQueued(int of, String digest) {
    Attempt attempt = live.get(of);
    if (attempt == null || live.size() == 1) {
      return onAccepted(of, digest);
    }
    live.remove(of);
    untried.addFirst(attempt.by);
    return List.of(new Effect.GiveUp(of));
  }

  List<Effect> onDeclined(int of, OfferReply.Declined reply) {
    Attempt attempt = end(of, State.OFFERED);
    if (attempt == null) {
      return List.of();
    }
    if (reply.reason() != OfferReply.Reason.NO_SUCH_MODEL) {
      retryAfter =
          anyBusy && retryAfter.compareTo(reply.retryAfter()) < 0 ? retryAfter : reply.retryAfter();
      anyBusy = true;
    }
    troubles.add(attempt.by.name() + " declined: " + describe(reply.reason()));
    return offerNext();
  }

  List<Effect> onUnreachable(int of, String cause) {
    Attempt attempt = end(of, State.OFFERED);
    if (attempt == null) {
      return List.of();
    }
    troubles.add(attempt.by.name() + " could not be reached: " + cause);
    return offerNext();
  }

  /** The attempt has not begun to answer when it should have: try another beside it. */
  List<Effect> onLate(int of) {
    Attempt attempt = live.get(of);
    if (attempt == null || attempt.state != State.ASSIGNED || live.size() > 1 || hedged) {
      return List.of();
    }
    hedged = true;
    return untried.isEmpty() ? List.of() : offer();
  }

  List<Effect> onChunk(int of, Chunk chunk) {
    Attempt attempt = live.get(of);
    if (attempt == null) {
      return List.of();
    }
    if (attempt.state == State.ANSWERING) {
      answer.add(chunk);
      return List.of(new Effect.TellChunk(chunk));
    }
    if (attempt.state != State.ASSIGNED) {
      return List.of();
    }
    List<Effect> effects = begin(attempt, State.ANSWERING);
    answer.add(chunk);
    effects.add(new Effect.TellChunk(chunk));
    return effects;
  }

  /** The attempt is the one that answers. */
  private List<Effect> begin(Attempt attempt, State state) {
    List<Effect> effects = new ArrayList<>();
    attempt.state = state;
    for (Attempt other : List.copyOf(live.values())) {
      if (other != attempt) {
        live.remove(other.number);
        untried.addFirst(other.by); // It lost a race and did nothing wrong: it may go on with this.
        effects.add(new Effect.GiveUp(other.number));
      }
    }
    if (answer.isEmpty()) {
      effects.add(new Effect.TellStarted(attempt.number, attempt.by));
    } else {
      effects.add(new Effect.TellResumed(attempt.number, attempt.by));
    }
    answeringDigest = attempt.digest;
    return effects;
  }

  List<Effect> onResult(int of, TaskResult result) {
    Attempt attempt = live.get(of);
    if (attempt == null || !(attempt.state == State.ASSIGNED || attempt.state == State.ANSWERING)) {
      return List.of();
    }
    if (result.outcome() instanceof Outcome.Done) {
      List<Effect> effects =
          attempt.state == State.ASSIGNED ? begin(attempt, State.RECORDING) : new ArrayList<>();
      attempt.state = State.RECORDING;
      effects.add(new Effect.RecordReceipt(of, attempt.by, result));
      return effects;
    }
    if (result.outcome() instanceof Outcome.Failed failed) {
      if (failed.failure() == Outcome.Failure.BAD_REQUEST) {
        live.remove(of);
        return end(new TaskFailure.BadRequest(failed.message()));
      }
      return broken(attempt, failed.message(), failed.failure() == Outcome.Failure.ENGINE);
    }
    return broken(attempt, "the worker cancelled the task", /* again= */ false);
  }

  /** The worker is gone, silent, or sent what does not verify. */
  List<Effect> onLost(int of, String cause) {
    Attempt attempt = live.get(of);
    if (attempt == null || !(attempt.state == State.ASSIGNED || attempt.state == State.ANSWERING)) {
      return List.of();
    }
    return broken(attempt, cause, /* again= */ false);
  }

  /** Nothing came within the time for a first chunk. */
  List<Effect> onFirstChunkOverdue(int of, Duration limit) {
    Attempt attempt = live.get(of);
    if (attempt == null || attempt.state != State.ASSIGNED) {
      return List.of();
    }
    return stuck(attempt, "no answer began within " + limit.toSeconds() + " s");
  }

  /** The answer began, and nothing more of it came for too long. */
  List<Effect> onStalled(int of, Duration limit) {
    Attempt attempt = live.get(of);
    if (attempt == null || attempt.state != State.ANSWERING) {
      return List.of();
    }
    return stuck(attempt, "its answer stalled for " + limit.toSeconds() + " s");
  }

  private List<Effect> stuck(Attempt attempt, String cause) {
    List<Effect> effects = new ArrayList<>();
    effects.add(new Effect.GiveUp(attempt.number));
    effects.addAll(broken(attempt, cause, /* again= */ false));
    return effects;
  }

  /** The client's deadline has passed. */
  List<Effect> onDeadline(Duration deadline) {
    if (ended || live.values().stream().anyMatch(each -> each.state == State.RECORDING)) {
      return List.of();
    }
    List<Effect> effects = giveUpAll();
    String state = troubles.isEmpty() ? "" : " (" + String.join("; ", troubles) + ")";
    effects.addAll(
        end(
            new TaskFailure.Late(
                "the answer was not complete within the deadline of "
                    + deadline.toMillis()
                    + " ms"
                    + state)));
    return effects;
  }

  List<Effect> onRecorded(int of, TaskResult result) {
    Attempt attempt = end(of, State.RECORDING);
    if (attempt == null) {
      return List.of();
    }
    ended = true;
    Outcome.Done done = (Outcome.Done) result.outcome();
    return List.of(
        new Effect.TellDone(of, attempt.by, done.reason(), answer.usage(result.usage())));
  }

  List<Effect> onReceiptInvalid(int of, String cause) {
    Attempt attempt = end(of, State.RECORDING);
    if (attempt == null) {
      return List.of();
    }
    List<Effect> effects = new ArrayList<>();
    effects.add(new Effect.RecordAttempt(of, attempt.by, cause));
    effects.addAll(
        end(new TaskFailure.Failed(attempt.by.name() + " returned an invalid receipt: " + cause)));
    return effects;
  }

  List<Effect> onLedgerFailed(int of, String cause) {
    if (end(of, State.RECORDING) == null) {
      return List.of();
    }
    return end(
        new TaskFailure.LedgerUnavailable(
            "the receipt could not be written to this node's ledger: " + cause));
  }

  List<Effect> onCanceled() {
    if (ended) {
      return List.of();
    }
    ended = true;
    // A receipt that is being written stands: the work was done, only nobody reads it.
    live.values().removeIf(each -> each.state == State.RECORDING);
    return giveUpAll();
  }

  /** What was answered so far. */
  String text() {
    return answer.text();
  }

  private List<Effect> giveUpAll() {
    List<Effect> effects = new ArrayList<>();
    live.keySet().forEach(each -> effects.add(new Effect.GiveUp(each)));
    live.clear();
    return effects;
  }

  private @Nullable Attempt end(int of, State expected) {
    Attempt attempt = live.get(of);
    if (attempt == null || attempt.state != expected) {
      return null;
    }
    live.remove(of);
    return attempt;
  }

  /**
   * An attempt came to nothing.
   *
   * @param again whether the same worker may do better next time
   */
  private List<Effect> broken(Attempt attempt, String cause, boolean again) {
    List<Effect> effects = new ArrayList<>();
    boolean answered = attempt.state == State.ANSWERING;
    live.remove(attempt.number);
    effects.add(new Effect.RecordAttempt(attempt.number, attempt.by, cause));
    troubles.add(attempt.by.name() + " failed: " + cause);
    if (again && tries.getOrDefault(attempt.by, 0) < TRIES_MAX && answered) {
      untried.add(attempt.by);
    }
    boolean continues = answer.canContinue() && attempt.by.model().resumable();
    if (answered && restartable && !(continues && canGoOn(attempt.by))) {
      answer.reset();
      hedged = false;
      effects.add(new Effect.TellRestarted());
      effects.addAll(offerNext());
    } else if (answered && !answer.canContinue()) {
      effects.addAll(end(brokeOff("it is not one that another worker can continue")));
    } else if (answered) {
      answer.carry();
      hedged = false;
      untried.removeIf(each -> !continues(each, attempt.by));
      if (answer.isSpent()) {
        ended = true;
        effects.add(
            new Effect.TellDone(
                attempt.number, attempt.by, Outcome.FinishReason.LENGTH, answer.usage()));
      } else if (!attempt.by.model().resumable()) {
        effects.addAll(end(brokeOff("the model is not known to continue what it did not write")));
      } else {
        effects.addAll(offerNext());
      }
    } else {
      effects.addAll(offerNext());
    }
    return effects;
  }

  private boolean canGoOn(Candidate last) {
    return untried.stream().anyMatch(each -> continues(each, last));
  }

  private static boolean continues(Candidate next, Candidate last) {
    return next.model().resumable() && next.model().digest().equals(last.model().digest());
  }

  private TaskFailure brokeOff(String why) {
    return new TaskFailure.Failed(
        "the answer broke off: " + String.join("; ", troubles) + " (" + why + ")");
  }

  private List<Effect> offerNext() {
    if (!live.isEmpty()) {
      return List.of(); // The other one may still answer.
    }
    return untried.isEmpty() ? end(exhausted()) : offer();
  }

  private List<Effect> offer() {
    Candidate next = untried.remove();
    tries.merge(next, 1, Integer::sum);
    Attempt attempt = new Attempt(++attempts, next);
    live.put(attempt.number, attempt);
    return List.of(new Effect.SendOffer(attempt.number, next));
  }

  private TaskFailure exhausted() {
    String story = String.join("; ", troubles);
    if (!answer.isEmpty()) {
      return brokeOff("no other node could go on with it");
    }
    if (anyBusy) {
      return new TaskFailure.Overloaded(
          "every node with model \"" + model + "\" is busy: " + story, retryAfter);
    }
    return new TaskFailure.Failed("no node could answer with model \"" + model + "\": " + story);
  }

  private List<Effect> end(TaskFailure failure) {
    ended = true;
    List<Effect> effects = giveUpAll();
    effects.add(new Effect.TellFailed(failure));
    return effects;
  }

  static String describe(OfferReply.Reason reason) {
    return switch (reason) {
      case BUSY -> "its slots and queue are full";
      case NO_SUCH_MODEL -> "it no longer has the model";
      case TOO_LARGE -> "the task is too large for it";
      case STOPPING -> "it is shutting down";
      case LEDGER_UNAVAILABLE -> "its ledger cannot write";
      case NOT_PERMITTED -> "the roles in the swarm, or its owner, do not allow it";
      case OWNER -> "its owner keeps it to himself now";
      case DEFERRED -> "the machine is busy with other work";
      case LABELS -> "a label, or its owner's rule about labels, does not allow it";
      case MISCONDUCT -> "it saw too many faults of this node (waggle faults, there)";
      case QUOTA ->
          "this member has as many tasks there, or owes as many credits, as its owner allows";
    };
  }
}
