package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.label.LabelRule;
import dev.waggle.mesh.swarm.label.LabelView;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Ranks the nodes that could run a task by when they would have answered, and what that costs;
 * where any model will do, those with one of a better class go first. Performs no I/O.
 *
 * <p>It uses what this node placed itself beside what the peers say, because adverts are seconds
 * old.
 */
final class Placer {
  /** How many nodes are tried for one task. */
  static final int CANDIDATES_MAX = 8;

  private static final Duration UNMEASURED_ROUND_TRIP = Duration.ofMillis(50);
  // For each point of its score.
  private static final Duration DOUBT = Duration.ofSeconds(3);
  // It takes memory that other models need, of a machine that others need.
  private static final int COPY_HAS_TO_BE_FASTER = 2;
  private static final Duration RECENT_FAILURE = Duration.ofMinutes(2);

  /** What this node itself knows about a worker. */
  interface Experience {
    /** Tasks of this node that the worker has now. */
    int inFlight(PeerId worker);

    /** Tasks of this node that ended there so lately that its advert may still count them. */
    int endedLately(PeerId worker);

    /** Whether the worker failed a task lately. */
    boolean failedLately(PeerId worker);

    /** How the worker behaved, as this node saw it. */
    Conduct.Standing standing(PeerId worker);

    /** Why it gets no task for a model now; empty when it may. */
    Optional<Breakers.Open> open(PeerId worker, String model);

    /** How much of a prompt it need not read again, in bytes. */
    long warmBytes(PeerId worker, String digest, PromptChain prompt);

    /** How much of another conversation it would forget for a prompt, in bytes. */
    long forgottenBytes(PeerId worker, String digest, PromptChain prompt);
  }

  private final PeerId self;
  private final LabelView labels;
  private final Experience experience;

  Placer(PeerId self, LabelView labels, Experience experience) {
    this.self = self;
    this.labels = labels;
    this.experience = experience;
  }

  /**
   * Who could run a task.
   *
   * @param candidates best first, at most {@value #CANDIDATES_MAX}
   * @param excluded for people, why nodes that have the model may not
   * @param tooShort for people, whose models would do if the prompt was shorter
   * @param broken for people, why nodes that may are left alone for now
   * @param retryAfter when the first of those is tried again; zero when there are none
   */
  record Ranking(
      List<Candidate> candidates,
      List<String> excluded,
      List<String> tooShort,
      List<String> broken,
      Duration retryAfter) {}

  /** Ranks the nodes that have what a task needs and may run it. */
  Ranking rank(Demand demand, Capability own, List<Peer> peers) {
    return rank(demand, own, peers, Terms.USUAL);
  }

  /** Ranks them as the terms say: who may have the result already goes first. */
  Ranking rank(Demand demand, Capability own, List<Peer> peers, Terms terms) {
    Set<PeerId> notBy = terms.notBy();
    Optional<PeerId> first = terms.keeping().flatMap(Keeping::earlier).map(Keeping.Earlier::worker);
    ModelQuery query = ModelQuery.of(demand.task().model());
    Round round = new Round(demand, query);
    if (query.here() && !notBy.contains(self)) {
      round.add(self, own.nodeName(), own, Duration.ZERO);
    }
    for (Peer peer : peers) {
      if (query.elsewhere()
          && peer.connected()
          && peer.capability().isPresent()
          && !notBy.contains(peer.id())) {
        round.add(
            peer.id(),
            peer.name(),
            peer.capability().get(),
            peer.roundTrip().orElse(UNMEASURED_ROUND_TRIP));
      }
    }
    // Equal forecasts are common in a fresh swarm; the id keeps the order stable.
    Comparator<Candidate> order =
        Comparator.comparing((Candidate each) -> !first.equals(Optional.of(each.worker())))
            .thenComparing(each -> query.any() ? -ModelQuery.quality(each.model()) : 0)
            .thenComparing(round::cost)
            .thenComparing(Candidate::worker);
    return new Ranking(
        round.best().stream().sorted(order).limit(CANDIDATES_MAX).toList(),
        round.excluded,
        round.tooShort,
        round.broken,
        round.retryAfter);
  }

  /** One ranking in the making. */
  private final class Round {
    private final Demand demand;
    private final ModelQuery query;
    private final List<Candidate> candidates = new ArrayList<>();
    private final List<String> excluded = new ArrayList<>();
    private final List<String> tooShort = new ArrayList<>();
    private final List<String> broken = new ArrayList<>();
    // Those whose breaker is open, where one task more may find out whether they are well again.
    private final List<Candidate> lastResort = new ArrayList<>();
    // What a copy that is in memory and has room would cost, the best of each digest.
    private final Map<String, Duration> ready = new HashMap<>();
    private Duration retryAfter = Duration.ZERO;

    Round(Demand demand, ModelQuery query) {
      this.demand = demand;
      this.query = query;
    }

    void add(PeerId node, String name, Capability capability, Duration roundTrip) {
      Optional<ModelOffer> offer =
          query.choose(capability, demand.task().abilities(), demand.tokensLeast());
      if (offer.isEmpty()) {
        Set<Ability> abilities = demand.task().abilities();
        query
            .tooShort(capability, abilities, demand.tokensLeast())
            .ifPresentOrElse(
                why -> tooShort.add(name + ": " + why),
                () ->
                    query
                        .lacking(capability, abilities)
                        .ifPresent(why -> excluded.add(name + ": " + why)));
        return;
      }
      ModelOffer model = offer.get();
      Optional<String> obstacle =
          node.equals(self) ? Optional.empty() : obstacle(node, capability, model);
      if (obstacle.isPresent()) {
        excluded.add(name + ": " + obstacle.get());
        return;
      }
      Optional<Breakers.Open> open = experience.open(node, model.name());
      if (open.isPresent()) {
        Duration time = open.get().retryAfter();
        retryAfter = broken.isEmpty() || time.compareTo(retryAfter) < 0 ? time : retryAfter;
        broken.add(name + ": " + open.get().cause());
        if (!open.get().probing()) {
          lastResort.add(candidate(node, name, capability, model, roundTrip));
        }
        return;
      }
      candidates.add(candidate(node, name, capability, model, roundTrip));
    }

    /** Who would have to load a model that is ready elsewhere comes after, unless much faster. */
    Duration cost(Candidate each) {
      Duration cost = each.forecast().cost();
      Duration there = ready.get(each.model().digest());
      if (there == null || each.model().loaded()) {
        return cost;
      }
      boolean muchFaster = cost.multipliedBy(COPY_HAS_TO_BE_FASTER).compareTo(there) <= 0;
      return muchFaster ? cost : max(cost, there.plusNanos(1));
    }

    private static Duration max(Duration one, Duration other) {
      return one.compareTo(other) > 0 ? one : other;
    }

    List<Candidate> best() {
      return candidates.isEmpty() ? lastResort : candidates;
    }

    private Candidate candidate(
        PeerId node, String name, Capability capability, ModelOffer model, Duration roundTrip) {
      return new Candidate(node, name, model, forecast(node, capability, model, roundTrip));
    }

    private Optional<String> obstacle(PeerId node, Capability capability, ModelOffer model) {
      return labels
          .obstacle(demand.task().labels(), node)
          .or(() -> LabelRule.broken(capability.labelRules(), demand.task().labels(), model.name()))
          .or(() -> shunned(experience.standing(node)));
    }

    private Forecast forecast(
        PeerId node, Capability capability, ModelOffer model, Duration roundTrip) {
      int told = capability.running() + capability.queued() - experience.endedLately(node);
      int busy = Math.max(told, experience.inFlight(node));
      Forecast.Memory memory =
          new Forecast.Memory(
              experience.warmBytes(node, model.digest(), demand.prompt()),
              experience.forgottenBytes(node, model.digest(), demand.prompt()));
      Duration doubt =
          Duration.ofMillis((long) (DOUBT.toMillis() * experience.standing(node).score()));
      boolean failed = experience.failedLately(node);
      Forecast forecast =
          Forecast.of(demand, capability, model, busy, memory, roundTrip)
              .plus(failed ? doubt.plus(RECENT_FAILURE) : doubt);
      boolean hasRoom = busy < capability.slots() && capability.queued() == 0;
      if (model.loaded() && hasRoom && !failed) {
        ready.merge(
            model.digest(),
            forecast.cost(),
            (one, other) -> one.compareTo(other) < 0 ? one : other);
      }
      return forecast;
    }
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
    addNames(names, own);
    for (Peer peer : peers) {
      if (peer.connected()) {
        peer.capability().ifPresent(capability -> addNames(names, capability));
      }
    }
    return names;
  }

  private static void addNames(Set<String> names, Capability of) {
    of.models().stream().filter(each -> !each.isSandbox()).forEach(each -> names.add(each.name()));
  }
}
