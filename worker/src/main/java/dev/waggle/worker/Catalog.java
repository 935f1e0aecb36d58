package dev.waggle.worker;

import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.worker.engine.Engine;
import dev.waggle.worker.engine.EngineException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The models of all engines, as they were when last asked. Thread-safe. */
final class Catalog {
  private static final Logger log = LoggerFactory.getLogger(Catalog.class);

  private final List<Engine> engines;
  private final Map<String, String> troubles = new HashMap<>();
  private volatile List<Entry> entries = List.of();

  /** A model and the engine that runs it. */
  record Entry(ModelOffer offer, Engine engine) {}

  Catalog(List<Engine> engines) {
    this.engines = List.copyOf(engines);
  }

  /**
   * Asks every engine; blocks.
   *
   * @return whether anything changed
   */
  synchronized boolean refresh() {
    List<Entry> found = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Engine engine : engines) {
      try {
        for (ModelOffer offer : engine.models()) {
          // Of two engines with a model of one name the first has it.
          if (found.size() < Capability.MODELS_MAX && names.add(offer.name())) {
            found.add(new Entry(offer, engine));
          }
        }
        if (troubles.remove(engine.name()) != null) {
          log.info("{} answers again", engine.name());
        }
      } catch (EngineException e) {
        if (!e.getMessage().equals(troubles.put(engine.name(), e.getMessage()))) {
          log.info("no models from {}: {}", engine.name(), e.getMessage());
        }
      }
    }
    boolean changed = !offers(found).equals(offers(entries));
    entries = List.copyOf(found);
    return changed;
  }

  List<Entry> entries() {
    return entries;
  }

  List<ModelOffer> offers() {
    return offers(entries);
  }

  /** Why engines have no models now. */
  synchronized Map<String, String> troubles() {
    return Map.copyOf(troubles);
  }

  /** What a name means here, see {@link ModelOffer#find}. */
  Optional<Entry> find(String model) {
    List<Entry> now = entries;
    return ModelOffer.find(offers(now), model)
        .flatMap(offer -> now.stream().filter(entry -> entry.offer().equals(offer)).findFirst());
  }

  private static List<ModelOffer> offers(List<Entry> from) {
    return from.stream().map(Entry::offer).toList();
  }
}
