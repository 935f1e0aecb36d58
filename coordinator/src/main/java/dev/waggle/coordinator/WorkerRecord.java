package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.exchange.ModelId;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What this node learnt of its workers by using them. Thread-safe.
 *
 * <p>An entry exists only while tasks are with the worker or a failure is fresh, so there are never
 * more than tasks plus recent failures.
 */
final class WorkerRecord implements Placer.Experience {
  private static final Duration FAILURE_REMEMBERED = Duration.ofSeconds(30);

  // How an answer's length is learnt: a new one counts for one in so many.
  private static final double WEIGHT = 8;
  private static final double OUTPUT_TOKENS_UNKNOWN = 200;

  // How old what a node says of itself may be.
  private static final Duration ADVERT_LAG = Duration.ofSeconds(1);
  private static final int ENDED_MAX = 256;

  private record Ended(PeerId worker, Instant at) {}

  private final Deque<Ended> ended = new ArrayDeque<>();
  private final Map<PeerId, Integer> endedCount = new HashMap<>();
  private final Conduct conduct;
  private final Clock clock;
  private final Breakers breakers;
  private final WarmPrefixes prefixes;
  private double outputTokens = OUTPUT_TOKENS_UNKNOWN;
  private final Map<PeerId, Integer> inFlight = new HashMap<>();
  private final Map<PeerId, Instant> failures = new HashMap<>();

  WorkerRecord(Conduct conduct, Clock clock) {
    this.conduct = conduct;
    this.clock = clock;
    this.breakers = new Breakers(clock);
    this.prefixes = new WarmPrefixes(clock);
  }

  /** The worker did what no honest one does; the evidence may be empty. */
  void onFault(PeerId worker, Fault fault, byte[] evidence) {
    conduct.observe(worker, fault, evidence);
  }

  @Override
  public Conduct.Standing standing(PeerId worker) {
    return conduct.standing(worker);
  }

  @Override
  public Optional<Breakers.Open> open(PeerId worker, String model) {
    return breakers.open(worker, model);
  }

  @Override
  public long warmBytes(PeerId worker, String digest, PromptChain prompt) {
    return prefixes.warmBytes(worker, digest, prompt);
  }

  @Override
  public long forgottenBytes(PeerId worker, String digest, PromptChain prompt) {
    return prefixes.forgottenBytes(worker, digest, prompt);
  }

  /** How long an answer will probably be, in tokens. */
  synchronized long expectedOutput() {
    return Math.round(outputTokens);
  }

  /** The worker is asked for a place. */
  void onOffered(PeerId worker, String model) {
    breakers.onOffered(worker, model);
    synchronized (this) {
      inFlight.merge(worker, 1, Integer::sum);
    }
  }

  /** It has the task no more, or never had. */
  void onReleased(PeerId worker, String model) {
    breakers.onReleased(worker, model);
    synchronized (this) {
      countDown(inFlight, worker);
      ended.addLast(new Ended(worker, clock.instant()));
      endedCount.merge(worker, 1, Integer::sum);
      forgetEnded();
    }
  }

  private void forgetEnded() {
    Instant oldest = clock.instant().minus(ADVERT_LAG);
    while (!ended.isEmpty()
        && (ended.size() > ENDED_MAX || ended.getFirst().at().isBefore(oldest))) {
      countDown(endedCount, ended.removeFirst().worker());
    }
  }

  private static void countDown(Map<PeerId, Integer> counts, PeerId worker) {
    counts.computeIfPresent(worker, (id, count) -> count == 1 ? null : count - 1);
  }

  @Override
  public synchronized int endedLately(PeerId worker) {
    forgetEnded();
    return endedCount.getOrDefault(worker, 0);
  }

  void onFailed(PeerId worker, String model, String cause) {
    breakers.onFailure(worker, model, cause);
    synchronized (this) {
      Instant now = clock.instant();
      failures.values().removeIf(at -> at.plus(FAILURE_REMEMBERED).isBefore(now));
      failures.put(worker, now);
    }
  }

  synchronized void onAnswered(PeerId worker) {
    failures.remove(worker);
  }

  /** The worker did a task to its end. */
  void onDone(PeerId worker, ModelId model, TaskSpec task, String answer, Usage used) {
    breakers.onSuccess(worker, model.name());
    prefixes.onRead(worker, model.digest(), PromptChain.of(task, answer));
    if (task instanceof TaskSpec.Chat || task instanceof TaskSpec.Completion) {
      synchronized (this) {
        outputTokens += (used.outputTokens() - outputTokens) / WEIGHT;
      }
    }
  }

  @Override
  public synchronized int inFlight(PeerId worker) {
    return inFlight.getOrDefault(worker, 0);
  }

  @Override
  public synchronized boolean failedLately(PeerId worker) {
    Instant at = failures.get(worker);
    return at != null && at.plus(FAILURE_REMEMBERED).isAfter(clock.instant());
  }
}
