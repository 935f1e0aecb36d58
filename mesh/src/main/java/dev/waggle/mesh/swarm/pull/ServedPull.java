package dev.waggle.mesh.swarm.pull;

import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Recurring;
import dev.waggle.mesh.libp2p.Stream;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pull for a member. Engines tell of their steps as often as they like; of these the latest is
 * sent a few times a second, and again now and then when nothing moves, so that who waits can tell
 * a slow engine from a dead node. At most one report is on its way.
 */
final class ServedPull implements Runnable {
  /** How often there is something new to say. */
  static final Duration STEP = Duration.ofMillis(250);

  /** How often the same is said again. */
  static final Duration BEAT = Duration.ofSeconds(5);

  /** How long a report may take to go out. */
  static final Duration STALL_MAX = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(ServedPull.class);

  private final PullTarget target;
  private final String model;
  private final Stream stream;
  private final ScheduledExecutorService timer;
  private final Runnable onEnd;
  private PullReport.Progress latest = new PullReport.Progress(0, 0);
  private boolean news;
  private boolean sending;
  private long sent = System.nanoTime();
  private @Nullable Thread runner;
  private boolean abandoned;

  /**
   * @param onEnd called once, when the next pull may begin
   */
  ServedPull(
      PullTarget target,
      String model,
      Stream stream,
      ScheduledExecutorService timer,
      Runnable onEnd) {
    this.target = target;
    this.model = model;
    this.stream = stream;
    this.timer = timer;
    this.onEnd = onEnd;
  }

  /** Pulls, and says what it comes to. */
  @Override
  public void run() {
    ScheduledFuture<?> telling = Recurring.schedule(timer, STEP, STEP, this::tell);
    PullReport last = null;
    try {
      begin();
      last = target.pull(model, this::onStep);
    } catch (InterruptedException e) {
      log.debug("a pull of {} was abandoned", model);
    } catch (RuntimeException e) {
      log.error("a pull of {} ended in a bug", model, e);
      last = PullReport.Failed.because("the node failed: " + e);
    } finally {
      end();
      telling.cancel(false);
      onEnd.run();
    }
    if (last == null) {
      stream.reset();
    } else {
      FramedReader.send(stream, PullProtocol.encode(last));
      stream.closeWrite();
    }
  }

  private synchronized void begin() throws InterruptedException {
    requireWanted();
    runner = Thread.currentThread();
  }

  private synchronized void end() {
    runner = null;
    // What abandoned the pull is not meant for what this thread does next.
    Thread.interrupted();
  }

  private void requireWanted() throws InterruptedException {
    if (abandoned) {
      throw new InterruptedException("nobody waits for it");
    }
  }

  private synchronized void onStep(PullReport.Progress progress) throws InterruptedException {
    requireWanted();
    news |= !progress.equals(latest);
    latest = progress;
  }

  /** Nobody waits for it any more. */
  synchronized void abandon() {
    abandoned = true;
    if (runner != null) {
      runner.interrupt();
    }
  }

  private synchronized void tell() {
    long since = System.nanoTime() - sent;
    if (sending) {
      if (since > STALL_MAX.toNanos()) {
        stream.reset();
        abandon();
      }
      return;
    }
    if (runner != null && (news || since >= BEAT.toNanos())) {
      news = false;
      sending = true;
      sent = System.nanoTime();
      FramedReader.send(stream, PullProtocol.encode(latest))
          .whenComplete((done, failure) -> onSent(failure));
    }
  }

  private synchronized void onSent(@Nullable Throwable failure) {
    sending = false;
    if (failure != null) {
      abandon();
    }
  }
}
