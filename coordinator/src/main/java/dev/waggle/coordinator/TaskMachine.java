package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Decides what happens next to one task. Performs no I/O and reads no clock.
 *
 * <p>Each candidate is tried at most once, one at a time. Every event names the attempt it belongs
 * to; an event of an attempt that is not the current one is late and changes nothing, which is the
 * requester's half of fencing.
 */
final class TaskMachine {
  private enum State {
    OFFERED,
    ASSIGNED,
    ANSWERING,
    RECORDING,
    ENDED
  }

  private final String model;
  private final Deque<Candidate> untried;
  private final List<String> troubles = new ArrayList<>();
  private State state = State.ENDED;
  private int attempt;
  private Candidate current;
  private boolean anyBusy;
  private Duration retryAfter = Duration.ZERO;

  TaskMachine(String model, List<Candidate> ranked) {
    if (ranked.isEmpty()) {
      throw new IllegalArgumentException("a task needs at least one candidate");
    }
    this.model = model;
    this.untried = new ArrayDeque<>(ranked);
    this.current = ranked.get(0);
  }

  List<Effect> start() {
    return offerNext();
  }

  List<Effect> onAccepted(int of) {
    if (stale(of, State.OFFERED)) {
      return List.of(new Effect.GiveUp(of)); // The offer had timed out here; free the place.
    }
    state = State.ASSIGNED;
    return List.of(new Effect.AssignTask(of));
  }

  List<Effect> onDeclined(int of, OfferReply.Declined reply) {
    if (stale(of, State.OFFERED)) {
      return List.of();
    }
    if (reply.reason() != OfferReply.Reason.NO_SUCH_MODEL) {
      retryAfter =
          anyBusy && retryAfter.compareTo(reply.retryAfter()) < 0 ? retryAfter : reply.retryAfter();
      anyBusy = true;
    }
    troubles.add(current.name() + " declined: " + describe(reply.reason()));
    return offerNext();
  }

  List<Effect> onUnreachable(int of, String cause) {
    if (stale(of, State.OFFERED)) {
      return List.of();
    }
    troubles.add(current.name() + " could not be reached: " + cause);
    return offerNext();
  }

  List<Effect> onChunk(int of, Chunk chunk) {
    if (of != attempt) {
      return List.of();
    }
    if (state == State.ASSIGNED) {
      state = State.ANSWERING;
      return List.of(new Effect.TellStarted(current), new Effect.TellChunk(chunk));
    }
    return state == State.ANSWERING ? List.of(new Effect.TellChunk(chunk)) : List.of();
  }

  List<Effect> onResult(int of, TaskResult result) {
    if (of != attempt || !(state == State.ASSIGNED || state == State.ANSWERING)) {
      return List.of();
    }
    if (result.outcome() instanceof Outcome.Done) {
      List<Effect> effects = new ArrayList<>();
      if (state == State.ASSIGNED) {
        effects.add(new Effect.TellStarted(current));
      }
      state = State.RECORDING;
      effects.add(new Effect.RecordReceipt(of, current, result));
      return effects;
    }
    if (result.outcome() instanceof Outcome.Failed failed) {
      if (failed.failure() == Outcome.Failure.BAD_REQUEST) {
        return end(new TaskFailure.BadRequest(failed.message()));
      }
      return broken(failed.message());
    }
    return broken("the worker cancelled the task");
  }

  /** The worker is gone, silent, or sent what does not verify. */
  List<Effect> onLost(int of, String cause) {
    if (of != attempt || !(state == State.ASSIGNED || state == State.ANSWERING)) {
      return List.of();
    }
    return broken(cause);
  }

  /** Nothing came within the time for a first chunk. */
  List<Effect> onFirstChunkOverdue(int of, Duration limit) {
    if (stale(of, State.ASSIGNED)) {
      return List.of();
    }
    List<Effect> effects = new ArrayList<>();
    effects.add(new Effect.GiveUp(of));
    effects.addAll(broken("no answer began within " + limit.toSeconds() + " s"));
    return effects;
  }

  List<Effect> onRecorded(int of, TaskResult result) {
    if (stale(of, State.RECORDING)) {
      return List.of();
    }
    state = State.ENDED;
    return List.of(new Effect.TellDone(current, result));
  }

  List<Effect> onReceiptInvalid(int of, String cause) {
    if (stale(of, State.RECORDING)) {
      return List.of();
    }
    List<Effect> effects = new ArrayList<>();
    effects.add(new Effect.RecordAttempt(of, current, cause));
    effects.addAll(
        end(new TaskFailure.Failed(current.name() + " returned an invalid receipt: " + cause)));
    return effects;
  }

  List<Effect> onLedgerFailed(int of, String cause) {
    if (stale(of, State.RECORDING)) {
      return List.of();
    }
    return end(
        new TaskFailure.LedgerUnavailable(
            "the receipt could not be written to this node's ledger: " + cause));
  }

  List<Effect> onCanceled() {
    if (state == State.ENDED) {
      return List.of();
    }
    // A receipt that is being written stands: the work was done, only nobody reads it.
    boolean held = state != State.RECORDING;
    state = State.ENDED;
    return held ? List.of(new Effect.GiveUp(attempt)) : List.of();
  }

  private boolean stale(int of, State expected) {
    return of != attempt || state != expected;
  }

  private List<Effect> broken(String cause) {
    List<Effect> effects = new ArrayList<>();
    effects.add(new Effect.RecordAttempt(attempt, current, cause));
    troubles.add(current.name() + " failed: " + cause);
    if (state == State.ANSWERING) {
      effects.addAll(
          end(
              new TaskFailure.Failed(
                  "the answer broke off: " + current.name() + " failed: " + cause)));
    } else {
      effects.addAll(offerNext());
    }
    return effects;
  }

  private List<Effect> offerNext() {
    Candidate next = untried.poll();
    if (next == null) {
      return end(exhausted());
    }
    attempt++;
    current = next;
    state = State.OFFERED;
    return List.of(new Effect.SendOffer(attempt, next));
  }

  private TaskFailure exhausted() {
    String story = String.join("; ", troubles);
    if (anyBusy) {
      return new TaskFailure.Overloaded(
          "every node with model \"" + model + "\" is busy: " + story, retryAfter);
    }
    return new TaskFailure.Failed("no node could answer with model \"" + model + "\": " + story);
  }

  private List<Effect> end(TaskFailure failure) {
    state = State.ENDED;
    return List.of(new Effect.TellFailed(failure));
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
