package dev.waggle.worker.engine;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Ends a generation whose engine says nothing for too long. Thread-safe. */
public final class SilenceWatch implements AutoCloseable {
  private static final int ROUNDS = 4;

  private final Patience patience;
  private final Runnable onSilence;
  private final ScheduledFuture<?> rounds;
  private volatile long lastHeard = System.nanoTime();
  private volatile boolean begun;
  private volatile boolean listening = true;
  private volatile boolean silent;

  /**
   * Begins to watch.
   *
   * @param onSilence called once, from the timer; must not block
   */
  public SilenceWatch(Patience patience, ScheduledExecutorService timer, Runnable onSilence) {
    this.patience = patience;
    this.onSilence = onSilence;
    long round = Math.max(1, shorter().toMillis() / ROUNDS);
    this.rounds = timer.scheduleWithFixedDelay(this::check, round, round, TimeUnit.MILLISECONDS);
  }

  private Duration shorter() {
    return patience.firstPiece().compareTo(patience.nextPiece()) < 0
        ? patience.firstPiece()
        : patience.nextPiece();
  }

  private Duration limit() {
    return begun ? patience.nextPiece() : patience.firstPiece();
  }

  private void check() {
    if (listening && !silent && System.nanoTime() - lastHeard > limit().toNanos()) {
      silent = true;
      onSilence.run();
    }
  }

  /** The engine said something; while that is passed on, nobody listens to it. */
  public void onHeard() {
    listening = false;
    begun = true;
  }

  /** What was said has been passed on: it is the engine's turn again. */
  public void onPassedOn() {
    lastHeard = System.nanoTime();
    listening = true;
  }

  /** Whether the engine was silent for too long. */
  public boolean isSilent() {
    return silent;
  }

  /** How long it was to be patient, for people. */
  public String words() {
    return "was silent for " + limit().toSeconds() + " s";
  }

  @Override
  public void close() {
    rounds.cancel(false);
  }
}
