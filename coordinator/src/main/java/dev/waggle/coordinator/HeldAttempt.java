package dev.waggle.coordinator;

import dev.waggle.ledger.Observation;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.HeldClaim;
import dev.waggle.mesh.swarm.exchange.ModelId;
import dev.waggle.mesh.swarm.exchange.TaskId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;

/**
 * A claim that is held for a task, what came of it, and the timers that watch it. Belongs to the
 * task's strand.
 */
final class HeldAttempt {
  // An engine that pauses so many times as long as usual has stalled.
  private static final int PAUSES = 20;

  private final int number;
  private final Candidate by;
  private final HeldClaim claim;
  private final List<Future<?>> timers = new ArrayList<>();
  private byte[] envelopeHash = {};
  private long assignedNanos;
  private long firstNanos;
  private long lastNanos;
  private long outputBytes;
  private int chunks;
  private boolean telling;
  private boolean over;

  HeldAttempt(int number, Candidate by, HeldClaim claim) {
    this.number = number;
    this.by = by;
    this.claim = claim;
  }

  int number() {
    return number;
  }

  Candidate by() {
    return by;
  }

  HeldClaim claim() {
    return claim;
  }

  /** SHA-256 of the sealed task as it travelled. */
  byte[] envelopeHash() {
    return envelopeHash;
  }

  void onAssigning() {
    assignedNanos = System.nanoTime();
  }

  void onAssigned(byte[] hash) {
    envelopeHash = hash;
  }

  /** A chunk came, and is passed on from now on. */
  void onChunk(Chunk chunk) {
    lastNanos = System.nanoTime();
    if (firstNanos == 0) {
      firstNanos = lastNanos;
    }
    chunks++;
    outputBytes += chunk.bytes();
    telling = true;
  }

  /** It was passed on: it is the worker's turn again. */
  void onTold() {
    lastNanos = System.nanoTime();
    telling = false;
  }

  boolean hasBegun() {
    return chunks > 0;
  }

  /** Whether the answer has paused for longer than a limit, and than it usually does. */
  boolean isStalled(Duration limit) {
    if (telling || chunks == 0) {
      return false;
    }
    long usual = (lastNanos - firstNanos) / chunks;
    long most = Math.max(limit.toNanos(), usual * PAUSES);
    return System.nanoTime() - lastNanos >= most;
  }

  void watch(Future<?> timer) {
    timers.add(timer);
  }

  void stopWatching() {
    timers.forEach(each -> each.cancel(false));
    timers.clear();
  }

  /** It is over, and nothing watches it any more. */
  void end() {
    stopWatching();
    over = true;
  }

  boolean isOver() {
    return over;
  }

  Observation observation(Terms terms) {
    // A result that was kept was assigned by an earlier run of this node.
    Duration before =
        terms
            .keeping()
            .flatMap(Keeping::earlier)
            .filter(each -> each.worker().equals(by.worker()))
            .map(Keeping.Earlier::ago)
            .orElse(Duration.ZERO);
    long now = System.nanoTime();
    long first = firstNanos == 0 ? now : firstNanos;
    return new Observation(
        outputBytes,
        Duration.ofNanos(first - assignedNanos),
        Duration.ofNanos(now - assignedNanos).plus(before),
        terms.verification());
  }

  Placement placement(TaskId task, Duration queued) {
    ModelId model = claim.acceptance().model();
    return new Placement(task, by.worker(), by.name(), model.name(), model.digest(), queued);
  }
}
