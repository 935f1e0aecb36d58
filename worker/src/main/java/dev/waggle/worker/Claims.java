package dev.waggle.worker;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.ModelId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Progress;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.worker.owner.OwnerGate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** What was promised to whom, and what runs of it, from the offer to the end. Thread-safe. */
final class Claims {
  /** How long an accepted place is held. */
  private static final Duration LEASE = Duration.ofSeconds(30);

  private static final Duration BUSY_RETRY_AFTER = Duration.ofSeconds(2);

  private final int slots;
  private final OwnerControl control;
  private final ModelSpeeds speeds;
  private final Admission admission;
  private final Map<ClaimId, Promise> promises = new HashMap<>();
  private final Map<ClaimId, Run> runs = new HashMap<>();

  /**
   * What was promised to whom.
   *
   * @param demandPercent how much was asked of this node then
   */
  record Promise(PeerId requester, ModelId model, int demandPercent) {}

  /** A claim, and its task. */
  record Claimed(ClaimId claim, Run run) {}

  /** A task that does not run, and why; its claim is still to be ended. */
  record Refused(Claimed task, String why) {}

  /**
   * What becomes of a task that came.
   *
   * @param next what is to run now
   */
  record Assigned(List<Claimed> next, Optional<Refused> refused) {}

  /**
   * What becomes of a claim that nobody wants any more.
   *
   * @param run its task, if that is here
   * @param next what is to run now
   */
  record GivenUp(Optional<Run> run, List<Claimed> next) {}

  /**
   * What there is to be done.
   *
   * @param backlog how long what waits will keep a slot, all together
   */
  record Load(int running, int queued, Duration backlog) {}

  Claims(Limits limits, OwnerControl control, ModelSpeeds speeds) {
    this.slots = Math.max(1, limits.slots());
    this.control = control;
    this.speeds = speeds;
    this.admission = new Admission(limits);
  }

  /**
   * Promises a place for a task, or says why not.
   *
   * @param model what the offer's name means here
   */
  synchronized OfferReply promise(PeerId requester, Offer offer, ModelId model) {
    Optional<Duration> expected = speeds.task(model.name());
    Duration task = expected.orElse(ModelSpeeds.UNKNOWN_TASK);
    int here =
        (int) promises.values().stream().filter(each -> each.requester().equals(requester)).count();
    Requirements wanted = offer.requirements();
    // The rules are about the model that the name means here.
    Requirements meant = new Requirements(model.name(), wanted.labels(), wanted.abilities());
    Optional<OwnerGate.Refusal> refusal = control.refusal(requester, here, meant, expected);
    if (refusal.isPresent()) {
      return new OfferReply.Declined(refusal.get().reason(), refusal.get().retryAfter());
    }
    ClaimId claim = ClaimId.random();
    Optional<Integer> before =
        admission.claim(claim, model.name(), requester, offer.priority(), task);
    if (before.isEmpty()) {
      return new OfferReply.Declined(OfferReply.Reason.BUSY, untilRoom(task));
    }
    Duration eta = eta(before.get(), task);
    if (eta.compareTo(offer.patience()) > 0) {
      admission.end(claim, Duration.ZERO);
      return new OfferReply.Declined(OfferReply.Reason.BUSY, eta.minus(offer.patience()));
    }
    promises.put(claim, new Promise(requester, model, admission.demandPercent()));
    control.onTaken(requester);
    return new OfferReply.Accepted(claim, LEASE, before.get(), eta, model);
  }

  /** When a task begins that so many go before. */
  private Duration eta(int before, Duration task) {
    return task.multipliedBy(before).dividedBy(slots);
  }

  /** When one of those that are here has probably made room. */
  private Duration untilRoom(Duration task) {
    Duration time = task.dividedBy(slots);
    return time.compareTo(BUSY_RETRY_AFTER) > 0 ? time : BUSY_RETRY_AFTER;
  }

  /** How far the task of a claim is. */
  synchronized Progress progress(ClaimId claim) {
    Promise promise = promises.get(claim);
    if (promise == null || !admission.isWaiting(claim)) {
      return Progress.RUNNING;
    }
    int before = admission.position(claim);
    Duration task = speeds.task(promise.model().name()).orElse(ModelSpeeds.UNKNOWN_TASK);
    return new Progress(false, before, eta(before, task));
  }

  /**
   * Takes the task of a claim, unless that was given up meanwhile.
   *
   * @return what is to run now, or that the task is not, while nothing of others runs
   */
  synchronized Assigned assign(Assignment assignment, Function<Promise, Run> making) {
    ClaimId claim = assignment.claim();
    Promise promise = promises.get(claim);
    if (promise == null || !admission.isWaiting(claim)) {
      return new Assigned(List.of(), Optional.empty());
    }
    Run run = making.apply(promise);
    runs.put(claim, run);
    Optional<String> closed = isOthers(promise) ? control.closedFor() : Optional.empty();
    return closed.isPresent()
        ? new Assigned(List.of(), closed.map(why -> new Refused(new Claimed(claim, run), why)))
        : new Assigned(claimed(admission.ready(claim)), Optional.empty());
  }

  /** Forgets a claim; returns what is to run now. */
  synchronized List<Claimed> end(ClaimId claim, Duration took) {
    runs.remove(claim);
    promises.remove(claim);
    return claimed(admission.end(claim, took));
  }

  /** Forgets a claim whose task does not run; one that runs has to end first. */
  synchronized GivenUp giveUp(ClaimId claim) {
    return new GivenUp(
        run(claim), admission.isWaiting(claim) ? end(claim, Duration.ZERO) : List.of());
  }

  private List<Claimed> claimed(List<ClaimId> claims) {
    List<Claimed> all = new ArrayList<>();
    for (ClaimId each : claims) {
      Run run = runs.get(each);
      if (run != null) {
        all.add(new Claimed(each, run));
      }
    }
    return all;
  }

  /** The tasks of others that are here and do not run. */
  synchronized List<Claimed> waitingOfOthers() {
    return claimed(
        promises.entrySet().stream()
            .filter(each -> isOthers(each.getValue()) && admission.isWaiting(each.getKey()))
            .map(Map.Entry::getKey)
            .toList());
  }

  private boolean isOthers(Promise promise) {
    return !control.isOwn(promise.requester());
  }

  /** The task of a claim, once it is here. */
  synchronized Optional<Run> run(ClaimId claim) {
    return Optional.ofNullable(runs.get(claim));
  }

  /** All tasks that are here. */
  synchronized List<Run> runs() {
    return List.copyOf(runs.values());
  }

  synchronized boolean isEmpty() {
    return promises.isEmpty();
  }

  synchronized Load load() {
    return new Load(admission.running(), admission.queued(), admission.expectedWait());
  }
}
