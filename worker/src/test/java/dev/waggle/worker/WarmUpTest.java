package dev.waggle.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Speed;
import dev.waggle.mesh.swarm.capability.Wanted;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  private static final long MUCH = Long.MAX_VALUE;
  private static final long GIGA = 1_000_000_000L;
  private static final List<Wanted> OFTEN = List.of(new Wanted("m", 5));

  private static PeerId peer(int seed) {
    byte[] bytes = new byte[Identity.SEED_BYTES];
    bytes[0] = (byte) seed;
    return Identity.ofSeed(bytes).peerId();
  }

  private static ModelOffer model(String name, boolean loaded) {
    return new ModelOffer(name, "sha256:00", "ollama", 4 * GIGA, 0, loaded);
  }

  private static Capability node(int running, ModelOffer... models) {
    return new Capability("n", "1", List.of(models), 2, running, 0, List.of());
  }

  /** A node without models whose users want something. */
  private static Capability asking(List<Wanted> wanted) {
    return new Capability("n", "1", List.of(), 0, 0, 0, List.of()).wanting(wanted);
  }

  /** What each of the nodes decides in so many rounds; the last is what counts. */
  private static Map<PeerId, WarmUp.Decision> decide(int rounds, Capability... nodes) {
    Map<PeerId, Capability> all = new HashMap<>();
    for (int i = 0; i < nodes.length; i++) {
      all.put(peer(i + 1), nodes[i]);
    }
    Map<PeerId, WarmUp.Decision> decisions = new TreeMap<>();
    all.forEach(
        (self, own) -> {
          Map<PeerId, Capability> others = new HashMap<>(all);
          others.remove(self);
          boolean idle = own.running() == 0;
          WarmUp warmUp = new WarmUp();
          for (int i = 0; i < rounds; i++) {
            decisions.put(self, warmUp.round(new WarmUp.View(self, own, idle, MUCH, others)));
          }
        });
    return decisions;
  }

  private static List<PeerId> loading(Map<PeerId, WarmUp.Decision> decisions, String model) {
    return decisions.entrySet().stream()
        .filter(each -> each.getValue().load().equals(Optional.of(model)))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static List<PeerId> keeping(Map<PeerId, WarmUp.Decision> decisions) {
    return decisions.entrySet().stream()
        .filter(each -> each.getValue().keep().contains("m"))
        .map(Map.Entry::getKey)
        .toList();
  }

  @Test
  void wantedModelInNoMemory_isLoadedByExactlyOne_inTheSecondRound() {
    Capability cold = node(0, model("m", false));
    assertThat(loading(decide(2, asking(OFTEN), cold, cold, cold), "m")).hasSize(1);
    assertThat(loading(decide(1, asking(OFTEN), cold, cold, cold), "m")).isEmpty();
  }

  @Test
  void wishesOfAllUsers_areAdded() {
    List<Wanted> once = List.of(new Wanted("m", 1));
    Capability cold = node(0, model("m", false));
    assertThat(loading(decide(2, asking(once), cold), "m")).as("too few").isEmpty();
    assertThat(loading(decide(2, asking(once), cold.wanting(once)), "m")).hasSize(1);
  }

  @Test
  void modelThatSomebodyHasInMemory_isNotLoadedAgain() {
    Capability cold = node(0, model("m", false));
    Capability warm = node(2, model("m", true));
    assertThat(loading(decide(2, asking(OFTEN), cold, warm), "m")).isEmpty();
  }

  @Test
  void differentModels_areSpreadOverTheNodes() {
    ModelOffer[] models =
        IntStream.range(0, 40)
            .mapToObj(each -> model("m" + each, false))
            .toArray(ModelOffer[]::new);
    Capability cold = node(0, models);
    long first =
        Arrays.stream(models)
            .filter(
                model -> {
                  List<Wanted> one = List.of(new Wanted(model.name(), 9));
                  List<PeerId> by = loading(decide(2, asking(one), cold, cold), model.name());
                  assertThat(by).hasSize(1);
                  return by.get(0).equals(peer(2));
                })
            .count();
    assertThat(first).isBetween(8L, 32L);
  }

  @Test
  void fasterNode_loads() {
    ModelOffer slow = model("m", false).measured(false, new Speed(100, 5, Duration.ZERO));
    ModelOffer fast = model("m", false).measured(false, new Speed(100, 50, Duration.ZERO));
    assertThat(loading(decide(2, asking(OFTEN), node(0, slow), node(0, fast), node(0, slow)), "m"))
        .containsExactly(peer(3));
  }

  @Test
  void nodeThatRunsSomething_orHasAnotherWantedModelInMemory_doesNotLoad() {
    List<Wanted> both = List.of(new Wanted("m", 5), new Wanted("other", 5));
    Capability occupied = node(0, model("m", false), model("other", true));
    Capability busy = node(1, model("m", false));
    assertThat(loading(decide(2, asking(both), occupied, busy), "m")).isEmpty();
    assertThat(loading(decide(2, asking(both), occupied, busy, node(0, model("m", false))), "m"))
        .containsExactly(peer(4));
    assertThat(loading(decide(2, asking(OFTEN), occupied), "m"))
        .as("what nobody wants may go")
        .hasSize(1);
  }

  @Test
  void modelLargerThanTheFreeMemory_isNotLoaded() {
    WarmUp.View view =
        new WarmUp.View(
            peer(1), node(0, model("m", false)).wanting(OFTEN), true, (4 * GIGA) >> 20, Map.of());
    WarmUp warmUp = new WarmUp();
    warmUp.round(view);
    assertThat(warmUp.round(view).load()).isEmpty();
  }

  @Test
  void embeddersAndEnginesThatCannotBeTold_areLeftAlone() {
    ModelOffer elsewhere = new ModelOffer("m", "sha256:00", "llama.cpp", 1, 0, false);
    ModelOffer embedder =
        new ModelOffer(
            "m",
            "d",
            "ollama",
            1,
            0,
            false,
            0,
            false,
            Set.of(Ability.EMBEDDING),
            false,
            Speed.UNKNOWN);
    assertThat(loading(decide(2, asking(OFTEN), node(0, elsewhere), node(0, embedder)), "m"))
        .isEmpty();
  }

  @Test
  void modelInMemory_isKeptWhileWanted_byOneThatHasRoom() {
    Capability warm = node(0, model("m", true));
    assertThat(keeping(decide(1, asking(OFTEN), warm))).containsExactly(peer(2));
    assertThat(keeping(decide(1, asking(OFTEN), warm, warm, warm))).hasSize(1);
    assertThat(keeping(decide(1, asking(List.of()), warm, warm))).isEmpty();
    Capability full = node(2, model("m", true));
    assertThat(keeping(decide(1, asking(OFTEN), full, full)))
        .as("none of them has room")
        .hasSize(2);
  }

  @Test
  void oneNode_cannotMakeOthersLoadEverything() {
    List<Wanted> everything =
        IntStream.range(0, Wanted.MODELS_MAX).mapToObj(i -> new Wanted("m" + i, 900 - i)).toList();
    Capability warm =
        node(
            0,
            IntStream.range(0, Wanted.MODELS_MAX)
                .mapToObj(i -> model("m" + i, true))
                .toArray(ModelOffer[]::new));
    assertThat(
            decide(1, asking(everything), warm).values().stream()
                .flatMap(each -> each.keep().stream()))
        .hasSize(WarmUp.MODELS_OF_ONE_MAX);
  }
}
