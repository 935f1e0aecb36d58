package dev.waggle.mesh.swarm.liveness;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.Recurring;
import dev.waggle.mesh.libp2p.protocol.ping.Ping;
import dev.waggle.mesh.swarm.control.ControlMessage.Body;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps watch over the members that are connected or advertised. Thread-safe; nothing blocks. */
public final class Liveness implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Liveness.class);

  private final Surroundings surroundings;
  private final FailureDetector detector;
  private final ScheduledFuture<?> ticks;

  /** Where it looks and whom it tells. Called on any thread; must not block. */
  public interface Surroundings {
    /** The admitted connection to a member. */
    Optional<Connection> connection(PeerId peer);

    /** A round trip to a member was measured. */
    void onRoundTrip(PeerId peer, Duration roundTrip);

    /** Tells all members of a suspicion. */
    void say(Body.Suspicion suspicion);

    /** This node is suspected: it should advertise itself at once. */
    void refute();

    /** A member is gone. */
    void bury(PeerId peer);
  }

  /** Begins to watch, and answers others that ask whom this node reaches. */
  public Liveness(Host host, ScheduledExecutorService timer, Surroundings surroundings) {
    this.surroundings = surroundings;
    this.detector =
        new FailureDetector(host.peerId(), new SplittableRandom(new SecureRandom().nextLong()));
    ProbeProtocol.serve(host, this::reaches);
    this.ticks =
        Recurring.schedule(
            timer,
            FailureDetector.PERIOD,
            FailureDetector.PERIOD,
            () -> step(() -> detector.onTick(System.nanoTime())));
  }

  /** A member is connected and admitted. */
  public void onConnected(PeerId peer) {
    step(() -> detector.onConnected(peer, System.nanoTime()));
  }

  /** The connection to a member ended. */
  public void onDisconnected(PeerId peer) {
    step(() -> detector.onDisconnected(peer, System.nanoTime()));
  }

  /**
   * A verified advert arrived.
   *
   * @param timeToLive zero is a good-bye
   */
  public void onAdvert(PeerId peer, long sequence, Duration timeToLive) {
    step(
        () ->
            timeToLive.isZero()
                ? detector.onLeft(peer)
                : detector.onAdvert(peer, sequence, System.nanoTime()));
  }

  /** This node belongs to another swarm now. */
  public synchronized void onSwarmChanged() {
    detector.clear();
  }

  /** Whether a suspicion is worth passing on. */
  public synchronized boolean isNews(Body.Suspicion suspicion) {
    return detector.isNews(suspicion.peer(), suspicion.sequence(), System.nanoTime());
  }

  /** A member suspects another. */
  public void onSuspicion(PeerId from, Body.Suspicion suspicion) {
    log.debug("{} suspects {}", from, suspicion.peer());
    step(() -> detector.onSuspicion(suspicion.peer(), suspicion.sequence(), System.nanoTime()));
  }

  private void step(Supplier<List<Effect>> event) {
    List<Effect> effects;
    synchronized (this) {
      effects = event.get();
    }
    effects.forEach(this::perform);
  }

  private void perform(Effect effect) {
    if (effect instanceof Effect.Probe probe) {
      probe(probe.peer(), probe.timeout());
    } else if (effect instanceof Effect.Ask ask) {
      ask(ask);
    } else if (effect instanceof Effect.Suspect suspect) {
      log.debug("{} may be gone", suspect.peer());
      surroundings.say(new Body.Suspicion(suspect.peer(), suspect.sequence()));
    } else if (effect instanceof Effect.Refute) {
      surroundings.refute();
    } else if (effect instanceof Effect.Bury bury) {
      log.info("{} is gone", bury.peer());
      surroundings.bury(bury.peer());
    }
  }

  private void probe(PeerId peer, Duration timeout) {
    ping(peer, timeout)
        .whenComplete(
            (roundTrip, failure) -> {
              if (failure == null) {
                surroundings.onRoundTrip(peer, roundTrip);
                step(() -> detector.onPong(peer, roundTrip, System.nanoTime()));
              } else {
                step(() -> detector.onNoPong(peer, System.nanoTime()));
              }
            });
  }

  private CompletableFuture<Duration> ping(PeerId peer, Duration timeout) {
    return surroundings
        .connection(peer)
        .map(connection -> Ping.measure(connection, timeout))
        .orElseGet(
            () -> CompletableFuture.failedFuture(new IllegalStateException("not connected")));
  }

  private void ask(Effect.Ask ask) {
    surroundings
        .connection(ask.helper())
        .map(helper -> ProbeProtocol.ask(helper, ask.peer(), ask.timeout()))
        .orElseGet(() -> CompletableFuture.completedFuture(false))
        .whenComplete(
            (reachable, failure) ->
                step(
                    () ->
                        detector.onHelperSays(
                            ask.peer(), failure == null && reachable, System.nanoTime())));
  }

  /** For another member that asks. */
  private CompletableFuture<Boolean> reaches(PeerId peer) {
    return ping(peer, FailureDetector.PONG_MIN).handle((roundTrip, failure) -> failure == null);
  }

  @Override
  public void close() {
    ticks.cancel(false);
  }
}
