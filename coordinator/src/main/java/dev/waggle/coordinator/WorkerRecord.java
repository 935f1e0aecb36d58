package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * What this node learnt of its workers by using them. Thread-safe.
 *
 * <p>An entry exists only while tasks are with the worker or a failure is fresh, so there are never
 * more than tasks plus recent failures.
 */
final class WorkerRecord implements Placer.Experience {
  private static final Duration FAILURE_REMEMBERED = Duration.ofSeconds(30);

  private final Conduct conduct;
  private final Clock clock;
  private final Map<PeerId, Integer> inFlight = new HashMap<>();
  private final Map<PeerId, Instant> failures = new HashMap<>();

  WorkerRecord(Conduct conduct, Clock clock) {
    this.conduct = conduct;
    this.clock = clock;
  }

  /** The worker did what no honest one does; the evidence may be empty. */
  void onFault(PeerId worker, Fault fault, byte[] evidence) {
    conduct.observe(worker, fault, evidence);
  }

  @Override
  public Conduct.Standing standing(PeerId worker) {
    return conduct.standing(worker);
  }

  synchronized void onTaken(PeerId worker) {
    inFlight.merge(worker, 1, Integer::sum);
  }

  synchronized void onReleased(PeerId worker) {
    inFlight.computeIfPresent(worker, (id, count) -> count == 1 ? null : count - 1);
  }

  synchronized void onFailed(PeerId worker) {
    Instant now = clock.instant();
    failures.values().removeIf(at -> at.plus(FAILURE_REMEMBERED).isBefore(now));
    failures.put(worker, now);
  }

  synchronized void onAnswered(PeerId worker) {
    failures.remove(worker);
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
