package dev.waggle.mesh.swarm;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.swarm.capability.Adverts;
import dev.waggle.mesh.swarm.control.ControlMessage.Body.Suspicion;
import dev.waggle.mesh.swarm.liveness.Liveness;
import dev.waggle.mesh.swarm.membership.Admissions;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** The members whose life is watched, and who hears what is seen of it. Thread-safe. */
final class WatchedMembers implements Liveness.Surroundings {
  private final Admissions admissions;
  private final Adverts adverts;
  private final Consumer<Suspicion> everybody;

  /** Members, and the way to tell all of them of a suspicion. */
  WatchedMembers(Admissions admissions, Adverts adverts, Consumer<Suspicion> everybody) {
    this.admissions = admissions;
    this.adverts = adverts;
    this.everybody = everybody;
  }

  @Override
  public Optional<Connection> connection(PeerId peer) {
    return admissions.connection(peer);
  }

  @Override
  public void onRoundTrip(PeerId peer, Duration roundTrip) {
    adverts.onRoundTrip(peer, roundTrip);
  }

  @Override
  public void say(Suspicion suspicion) {
    everybody.accept(suspicion);
  }

  @Override
  public void refute() {
    adverts.publish();
  }

  /** A connection that is still open leads nowhere. */
  @Override
  public void bury(PeerId peer) {
    adverts.onGone(peer);
    admissions.connection(peer).ifPresent(Connection::close);
  }
}
