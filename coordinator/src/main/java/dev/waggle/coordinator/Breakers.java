package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.RecentMap;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Circuit breakers, one for each model of a worker. After {@link #FAILURES_MAX} failures in a row
 * it gets no task for a while; then one goes there as a probe, and its end decides: well closes the
 * breaker, badly opens it for twice as long. Thread-safe.
 */
final class Breakers {
  static final int FAILURES_MAX = 3;
  static final Duration OPEN_FIRST = Duration.ofSeconds(5);
  static final Duration OPEN_MAX = Duration.ofMinutes(5);

  // A probe whose end is never told would keep the breaker open for good.
  private static final Duration PROBE_MAX = Duration.ofMinutes(10);
  private static final int MODELS_MAX = 1_024;

  private record Circuit(PeerId worker, String model) {}

  private static final class State {
    private int failures;
    private String cause = "";
    private Instant openUntil = Instant.MIN;
    private Instant probedUntil = Instant.MIN;
  }

  private final Clock clock;
  private final Map<Circuit, State> states = new RecentMap<>(MODELS_MAX);

  Breakers(Clock clock) {
    this.clock = clock;
  }

  /**
   * Why a worker gets no task for a model now.
   *
   * @param cause for people
   * @param retryAfter until it is tried again
   * @param probing whether a task is there already to find out; if not, one may go when nobody else
   *     has the model
   */
  record Open(String cause, Duration retryAfter, boolean probing) {}

  /** Empty when the worker may get a task. */
  synchronized Optional<Open> open(PeerId worker, String model) {
    State state = states.get(new Circuit(worker, model));
    if (state == null || state.failures < FAILURES_MAX) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    Instant until =
        state.openUntil.isAfter(state.probedUntil) ? state.openUntil : state.probedUntil;
    if (!now.isBefore(until)) {
      return Optional.empty();
    }
    Duration wait = Duration.between(now, now.isBefore(state.openUntil) ? state.openUntil : until);
    return Optional.of(
        new Open(
            "it failed "
                + state.failures
                + " times in a row with this model (the last time: "
                + state.cause
                + ") and is tried again in "
                + Math.max(1, wait.toSeconds())
                + " s",
            wait,
            now.isBefore(state.probedUntil)));
  }

  /** A task goes there; where the breaker was open, as its only probe. */
  synchronized void onOffered(PeerId worker, String model) {
    State state = states.get(new Circuit(worker, model));
    if (state != null && state.failures >= FAILURES_MAX) {
      state.probedUntil = clock.instant().plus(PROBE_MAX);
    }
  }

  synchronized void onSuccess(PeerId worker, String model) {
    states.remove(new Circuit(worker, model));
  }

  /** The probe is over; when it told nothing, because nobody wanted its end, another may go. */
  synchronized void onReleased(PeerId worker, String model) {
    @Nullable State state = states.get(new Circuit(worker, model));
    if (state != null) {
      state.probedUntil = Instant.MIN;
    }
  }

  synchronized void onFailure(PeerId worker, String model, String cause) {
    State state = states.computeIfAbsent(new Circuit(worker, model), circuit -> new State());
    Instant now = clock.instant();
    if (now.isBefore(state.openUntil) && !now.isBefore(state.probedUntil)) {
      return; // It ran when the breaker opened: many streams over one link that breaks fail at
      // once.
    }
    state.failures++;
    state.cause = cause;
    state.probedUntil = Instant.MIN;
    if (state.failures >= FAILURES_MAX) {
      int doublings = Math.min(16, state.failures - FAILURES_MAX);
      Duration time = OPEN_FIRST.multipliedBy(1L << doublings);
      state.openUntil = now.plus(time.compareTo(OPEN_MAX) < 0 ? time : OPEN_MAX);
    }
  }
}
