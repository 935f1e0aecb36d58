package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.label.LabelRule;
import dev.waggle.mesh.swarm.label.LabelView;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Ranks the nodes that could run a task by when they would begin to answer; where any model will
 * do, those with one of a better class go first. Performs no I/O.
 *
 * <p>The estimate is deliberately coarse: a place in the queue, a model to be loaded, and the way
 * there and back. It uses what this node placed itself beside what the peers say, because adverts
 * are seconds old.
 */
final class Placer {
  /** How many nodes are tried for one task. */
  static final int CANDIDATES_MAX = 8;

  private static final Duration QUEUE_STEP = Duration.ofSeconds(5);
  private static final Duration MODEL_LOAD = Duration.ofSeconds(3);
  private static final Duration UNMEASURED_ROUND_TRIP = Duration.ofMillis(50);
  // For each point of its score.
  private static final Duration DOUBT = Duration.ofSeconds(3);
  private static final Duration RECENT_FAILURE = Duration.ofSeconds(30);

  /** What this node itself knows about a worker. */
  interface Experience {
    /** Tasks of this node that the worker has now. */
    int inFlight(PeerId worker);

    /** Whether the worker failed a task lately. */
    boolean failedLately(PeerId worker);

    /** How the worker behaved, as this node saw it. */
    Conduct.Standing standing(PeerId worker);
  }

  private Placer() {}

  /**
   * Who could run a task.
   *
   * @param candidates best first, at most {@value #CANDIDATES_MAX}
   * @param excluded for people, why nodes that have the model may not
   */
  record Ranking(List<Candidate> candidates, List<String> excluded) {}

  /** Ranks the nodes that have what a task needs and may run it. */
  static Ranking rank(
      Requirements task,
      long promptTokens,
      PeerId self,
      Capability own,
      List<Peer> peers,
      LabelView labels,
      Experience experience) {
    record Ranked(Candidate candidate, Duration estimate) {
      int quality() {
        return ModelQuery.quality(candidate.model());
      }
    }
    List<Ranked> ranked = new ArrayList<>();
    List<String> excluded = new ArrayList<>();
    ModelQuery query = ModelQuery.of(task.model());
    if (query.isTooLong(own, promptTokens)) {
      excluded.add(own.nodeName() + ": " + tooLong(promptTokens));
    }
    Optional.of(own)
        .filter(node -> query.here())
        .flatMap(node -> query.choose(node, promptTokens))
        .ifPresent(
            offer ->
                ranked.add(
                    new Ranked(
                        new Candidate(self, own.nodeName(), offer),
                        estimate(self, own, offer, Duration.ZERO, experience))));
    for (Peer peer : peers) {
      if (!query.elsewhere() || !peer.connected() || peer.capability().isEmpty()) {
        continue;
      }
      Capability capability = peer.capability().get();
      Optional<ModelOffer> offer = query.choose(capability, promptTokens);
      if (offer.isEmpty()) {
        if (query.isTooLong(capability, promptTokens)) {
          excluded.add(peer.name() + ": " + tooLong(promptTokens));
        }
        continue;
      }
      Optional<String> obstacle =
          labels
              .obstacle(task.labels(), peer.id())
              .or(
                  () ->
                      LabelRule.broken(capability.labelRules(), task.labels(), offer.get().name()));
      obstacle = obstacle.or(() -> shunned(experience.standing(peer.id())));
      if (obstacle.isPresent()) {
        excluded.add(peer.name() + ": " + obstacle.get());
        continue;
      }
      Duration roundTrip = peer.roundTrip().orElse(UNMEASURED_ROUND_TRIP);
      ranked.add(
          new Ranked(
              new Candidate(peer.id(), peer.name(), offer.get()),
              estimate(peer.id(), capability, offer.get(), roundTrip, experience)));
    }
    // Equal estimates are common in a fresh swarm; the id keeps the order stable.
    return new Ranking(
        ranked.stream()
            .sorted(
                Comparator.comparing((Ranked each) -> query.any() ? -each.quality() : 0)
                    .thenComparing(Ranked::estimate)
                    .thenComparing(each -> each.candidate().worker()))
            .limit(CANDIDATES_MAX)
            .map(Ranked::candidate)
            .toList(),
        excluded);
  }

  private static Optional<String> shunned(Conduct.Standing standing) {
    return standing
        .shunnedUntil()
        .map(
            until ->
                "it is not trusted with tasks until "
                    + until.truncatedTo(ChronoUnit.SECONDS)
                    + " (waggle faults)");
  }

  /** The names of all models that a connected node or this one has. */
  static Set<String> modelNames(Capability own, List<Peer> peers) {
    Set<String> names = new LinkedHashSet<>();
    own.models().forEach(offer -> names.add(offer.name()));
    for (Peer peer : peers) {
      if (peer.connected()) {
        peer.capability()
            .ifPresent(capability -> capability.models().forEach(offer -> names.add(offer.name())));
      }
    }
    return names;
  }

  private static String tooLong(long promptTokens) {
    return "its context is too short for a prompt of about " + promptTokens + " tokens";
  }

  private static Duration estimate(
      PeerId worker,
      Capability capability,
      ModelOffer offer,
      Duration roundTrip,
      Experience experience) {
    int busy =
        Math.max(capability.running() + capability.queued(), experience.inFlight(worker)) + 1;
    int waves = (busy - 1) / capability.slots();
    // Below a full wave, the emptier node is the better one.
    Duration estimate =
        roundTrip
            .plus(QUEUE_STEP.multipliedBy(waves))
            .plus(QUEUE_STEP.multipliedBy(busy - 1).dividedBy(10L * capability.slots()));
    if (!offer.loaded()) {
      estimate = estimate.plus(MODEL_LOAD);
    }
    estimate = estimate.plusMillis((long) (DOUBT.toMillis() * experience.standing(worker).score()));
    return experience.failedLately(worker) ? estimate.plus(RECENT_FAILURE) : estimate;
  }
}
