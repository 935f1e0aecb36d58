package dev.waggle.worker;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Wanted;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decides which model this node has ready for the swarm: one that is in memory stays there while it
 * is wanted, and one that is wanted and in no memory is loaded, at exactly one of the nodes that
 * have it. Every node decides for itself from the adverts of all, so all have to come to the same;
 * because adverts take a moment, a node loads only what it chose in two rounds one after the other.
 * Performs no I/O. Not thread-safe.
 */
final class WarmUp {
  /** How often a model has to be wanted, in ten minutes, so that it stays in memory. */
  static final int KEEP_FROM = 1;

  /** How often a model has to be wanted, in ten minutes, so that it is loaded ahead. */
  static final int LOAD_FROM = 2;

  /** What one node may make others load, so that none fills the memory of all. */
  static final int MODELS_OF_ONE_MAX = 3;

  // Only these engines can be told to load a model that nobody asks anything yet.
  private static final Set<String> ENGINES = Set.of("ollama");

  private static final int BYTES_TO_MB = 20;

  // Multiplied by it, numbers that are close to each other are far apart.
  private static final int GOLDEN = 0x9e3779b9;

  private String chosenBefore = "";

  /**
   * What a node sees.
   *
   * @param self this node
   * @param own what it can do now
   * @param idle whether it runs nothing, and its owner lets others use it
   * @param freeMemoryMb what programs can still have, in MiB
   * @param others what the connected members can do now
   */
  record View(
      PeerId self,
      Capability own,
      boolean idle,
      long freeMemoryMb,
      Map<PeerId, Capability> others) {
    View {
      others = Map.copyOf(others);
    }
  }

  /**
   * What is to be done.
   *
   * @param load the model to load now
   * @param keep those that are to stay in memory
   */
  record Decision(Optional<String> load, List<String> keep) {
    Decision {
      keep = List.copyOf(keep);
    }
  }

  Decision round(View view) {
    Map<String, Integer> wanted = wanted(view);
    List<String> keep =
        view.own().models().stream()
            .filter(model -> isWarmable(model) && model.loaded())
            .filter(model -> wanted.getOrDefault(model.name(), 0) >= KEEP_FROM)
            .filter(model -> isKeeper(view, model))
            .map(ModelOffer::name)
            .toList();
    Optional<String> choice = choice(view, wanted);
    boolean sure = choice.isPresent() && choice.get().equals(chosenBefore);
    chosenBefore = choice.orElse("");
    return new Decision(sure ? choice : Optional.empty(), keep);
  }

  /** How often each model is wanted by all, this node's users included. */
  private static Map<String, Integer> wanted(View view) {
    Map<String, Integer> wanted = new HashMap<>();
    add(wanted, view.own().wanted());
    view.others().values().forEach(each -> add(wanted, each.wanted()));
    return wanted;
  }

  private static void add(Map<String, Integer> all, List<Wanted> one) {
    one.stream()
        .sorted(Comparator.comparingInt(Wanted::requests).reversed())
        .limit(MODELS_OF_ONE_MAX)
        .forEach(each -> all.merge(each.model(), each.requests(), Integer::sum));
  }

  private static boolean isWarmable(ModelOffer model) {
    return ENGINES.contains(model.engine()) && model.can(Set.of(Ability.COMPLETION));
  }

  private static Optional<ModelOffer> offer(Capability node, String model) {
    return node.slots() == 0
        ? Optional.empty()
        : node.models().stream().filter(each -> each.name().equals(model)).findFirst();
  }

  private static boolean isWarm(Capability node, String model) {
    return offer(node, model).map(ModelOffer::loaded).orElse(false);
  }

  /** Of several nodes that have it in memory one is enough, as long as that has room. */
  private static boolean isKeeper(View view, ModelOffer model) {
    return view.others().entrySet().stream()
        .filter(each -> isWarm(each.getValue(), model.name()))
        .filter(
            each -> each.getValue().running() + each.getValue().queued() < each.getValue().slots())
        .noneMatch(each -> each.getKey().compareTo(view.self()) < 0);
  }

  /** What this node would load: the most wanted of those that are its turn. */
  private static Optional<String> choice(View view, Map<String, Integer> wanted) {
    if (!view.idle()) {
      return Optional.empty();
    }
    return wanted.entrySet().stream()
        .filter(each -> each.getValue() >= LOAD_FROM)
        .sorted(
            Map.Entry.<String, Integer>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .map(Map.Entry::getKey)
        .filter(model -> isTurn(view, wanted, model))
        .filter(model -> fits(view, model))
        .findFirst();
  }

  private static boolean fits(View view, String model) {
    return offer(view.own(), model)
        .map(each -> each.sizeBytes() >> BYTES_TO_MB < view.freeMemoryMb())
        .orElse(false);
  }

  /** Whether nobody has the model in memory, and this node is the one to load it. */
  private static boolean isTurn(View view, Map<String, Integer> wanted, String model) {
    Map<PeerId, Capability> all = new HashMap<>(view.others());
    all.put(view.self(), view.own());
    if (all.values().stream().anyMatch(node -> isWarm(node, model))) {
      return false;
    }
    Comparator<Map.Entry<PeerId, Capability>> order =
        Comparator.comparing(each -> -speedClass(each.getValue(), model));
    return all.entrySet().stream()
        .filter(each -> isFree(each.getValue(), wanted, model))
        .min(
            order
                .thenComparing(each -> spread(each.getKey(), model))
                .thenComparing(Map.Entry.comparingByKey()))
        .map(each -> each.getKey().equals(view.self()))
        .orElse(false);
  }

  /** Whether it could load the model, runs nothing, and would drive out nothing that is wanted. */
  private static boolean isFree(Capability node, Map<String, Integer> wanted, String model) {
    return offer(node, model).filter(WarmUp::isWarmable).isPresent()
        && node.running() + node.queued() == 0
        && node.models().stream()
            .noneMatch(each -> each.loaded() && wanted.containsKey(each.name()));
  }

  /** In powers of two, because what is measured changes with every task. */
  private static int speedClass(Capability node, String model) {
    double decode = offer(node, model).map(each -> each.speed().decode()).orElse(0.0);
    return Math.getExponent(Math.max(1, decode));
  }

  /** Different models are loaded by different nodes; every node comes to the same numbers. */
  private static int spread(PeerId node, String model) {
    int mixed = (node.toString().hashCode() ^ model.hashCode()) * GOLDEN;
    return mixed ^ (mixed >>> Short.SIZE);
  }
}
