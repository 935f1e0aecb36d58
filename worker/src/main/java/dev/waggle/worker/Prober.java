package dev.waggle.worker;

import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.worker.engine.EngineException;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Probes each model once, while the node has nothing else to do: those in memory first, then the
 * smallest; very large ones only while they are in memory. A task that comes ends a probe, which is
 * tried again later. {@link #round} belongs to one thread, the rest is thread-safe.
 */
final class Prober {
  private static final Logger log = LoggerFactory.getLogger(Prober.class);

  // A larger model is not loaded for a probe alone.
  private static final long LOAD_BYTES_MAX = 8L << 30;

  // An engine that breaks three times is not asked again in this run.
  private static final int TRIES_MAX = 3;

  private final ProbeMemory memory;
  private final BooleanSupplier idle;
  private final Set<String> settled = ConcurrentHashMap.newKeySet();
  private final Map<String, Integer> tries = new HashMap<>();
  private volatile @Nullable PrefixProbe running;

  /**
   * @param idle whether the node has nothing else to do
   */
  Prober(ProbeMemory memory, BooleanSupplier idle) {
    this.memory = memory;
    this.idle = idle;
  }

  boolean isResumable(ModelOffer model) {
    return memory.resumable(model.engine(), model.digest()).orElse(false);
  }

  /**
   * Probes the next model, if there is one; blocks while it answers.
   *
   * @return whether something was found out
   */
  boolean round(List<Catalog.Entry> models) {
    Optional<Catalog.Entry> next =
        models.stream()
            .filter(each -> each.offer().can(Set.of(Ability.COMPLETION)))
            .filter(each -> each.offer().loaded() || each.offer().sizeBytes() <= LOAD_BYTES_MAX)
            .filter(each -> !settled.contains(key(each.offer())) && !isKnown(each.offer()))
            .min(
                Comparator.comparing((Catalog.Entry each) -> !each.offer().loaded())
                    .thenComparing(each -> each.offer().sizeBytes()));
    if (next.isEmpty() || !idle.getAsBoolean()) {
      return false;
    }
    ModelOffer model = next.get().offer();
    PrefixProbe probe = new PrefixProbe(next.get().engine(), model);
    running = probe;
    try {
      if (!idle.getAsBoolean()) {
        return false; // A task came in this very moment, and saw no probe to end.
      }
      boolean passes = probe.passes();
      memory.remember(model.engine(), model.digest(), passes);
      log.debug("{} is {}resumable", model.name(), passes ? "" : "not ");
      return true;
    } catch (EngineException | IOException e) {
      log.debug("{} could not be probed: {}", model.name(), e.getMessage());
      if (tries.merge(key(model), 1, Integer::sum) >= TRIES_MAX) {
        settled.add(key(model));
      }
      return false;
    } catch (InterruptedException e) {
      return false; // A task goes first, or the node stops.
    } finally {
      running = null;
    }
  }

  private boolean isKnown(ModelOffer model) {
    boolean known = memory.resumable(model.engine(), model.digest()).isPresent();
    if (known) {
      settled.add(key(model));
    }
    return known;
  }

  private static String key(ModelOffer model) {
    return model.engine() + " " + model.digest();
  }

  /** Ends the probe that runs, if one does. */
  void giveWay() {
    PrefixProbe probe = running;
    if (probe != null) {
      probe.cancel();
    }
  }
}
