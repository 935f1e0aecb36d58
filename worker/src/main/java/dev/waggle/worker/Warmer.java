package dev.waggle.worker;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.worker.engine.EngineException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does what {@link WarmUp} decides. Belongs to one thread. */
final class Warmer {
  private static final Logger log = LoggerFactory.getLogger(Warmer.class);

  private final WarmUp decisions = new WarmUp();
  private final PeerId self;
  private final Catalog catalog;
  private final Supplier<List<Peer>> peers;

  /**
   * @param peers the other members now
   */
  Warmer(PeerId self, Catalog catalog, Supplier<List<Peer>> peers) {
    this.self = self;
    this.catalog = catalog;
    this.peers = peers;
  }

  /**
   * Looks after the models once; blocks while one is loaded.
   *
   * @param own what this node can do, and what its users want
   * @param idle whether it runs nothing, and its owner lets others use it
   * @return whether a model was loaded
   */
  boolean round(Capability own, boolean idle, long freeMemoryMb) {
    Map<PeerId, Capability> others = new HashMap<>();
    for (Peer peer : peers.get()) {
      if (peer.connected()) {
        peer.capability().ifPresent(capability -> others.put(peer.id(), capability));
      }
    }
    WarmUp.Decision decision =
        decisions.round(new WarmUp.View(self, own, idle, freeMemoryMb, others));
    decision.keep().forEach(this::warm);
    decision
        .load()
        .ifPresent(
            model -> {
              log.info("loading {}, which the swarm asks for", model);
              warm(model);
            });
    return decision.load().isPresent();
  }

  private void warm(String model) {
    try {
      var entry = catalog.find(model);
      if (entry.isPresent()) {
        entry.get().engine().warm(entry.get().offer().name());
      }
    } catch (EngineException e) {
      log.debug("{} is not made ready: {}", model, e.getMessage());
    } catch (InterruptedException e) {
      // The node stops, which ends this thread.
      Thread.currentThread().interrupt();
    }
  }
}
