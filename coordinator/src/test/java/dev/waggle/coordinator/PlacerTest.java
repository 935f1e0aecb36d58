package dev.waggle.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.label.LabelRule;
import dev.waggle.mesh.swarm.label.LabelView;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlacerTest {
  private static final PeerId SELF = peerId(0);
  private static final Capability NOTHING =
      new Capability("me", "1", List.of(), 0, 0, 0, List.of());

  private final Map<PeerId, Integer> inFlight = new HashMap<>();
  private final Set<PeerId> failed = new HashSet<>();
  private final Map<PeerId, Double> scores = new HashMap<>();
  private final Placer.Experience experience =
      new Placer.Experience() {
        @Override
        public int inFlight(PeerId worker) {
          return inFlight.getOrDefault(worker, 0);
        }

        @Override
        public boolean failedLately(PeerId worker) {
          return failed.contains(worker);
        }

        @Override
        public Conduct.Standing standing(PeerId worker) {
          return new Conduct.Standing(worker, scores.getOrDefault(worker, 0.0), Optional.empty());
        }
      };

  private static PeerId peerId(int seed) {
    byte[] bytes = new byte[Identity.SEED_BYTES];
    bytes[0] = (byte) seed;
    return Identity.ofSeed(bytes).peerId();
  }

  private static Capability capability(String model, boolean loaded, int slots, int running) {
    return new Capability(
        "node",
        "1",
        List.of(new ModelOffer(model, "sha256:00", "ollama", 1, 0, loaded)),
        slots,
        running,
        0,
        List.of());
  }

  private static Peer peer(int seed, boolean connected, int millis, Capability capability) {
    return new Peer(
        peerId(seed),
        "peer" + seed,
        List.of(),
        connected,
        Optional.empty(),
        Optional.of(Duration.ofMillis(millis)),
        Optional.of(capability),
        Instant.EPOCH);
  }

  private List<Candidate> candidates(String model, Capability own, List<Peer> peers) {
    return Placer.rank(new Requirements(model), 100, SELF, own, peers, new NoLabels(), experience)
        .candidates();
  }

  private List<PeerId> rank(String model, Capability own, Peer... peers) {
    return candidates(model, own, List.of(peers)).stream().map(Candidate::worker).toList();
  }

  @Test
  void exactName_comesBeforeTheTagLatest_whereverItStands() {
    ModelOffer latest = new ModelOffer("m:latest", "sha256:00", "ollama", 1, 0, true);
    ModelOffer exact = new ModelOffer("m", "sha256:01", "ollama", 1, 0, true);
    Capability both = new Capability("node", "1", List.of(latest, exact), 1, 0, 0, List.of());
    assertThat(candidates("m", both, List.of()))
        .extracting(Candidate::model)
        .containsExactly(exact);
    assertThat(ModelOffer.find(List.of(latest), "m")).contains(latest);
    assertThat(ModelOffer.find(List.of(latest), "other")).isEmpty();
  }

  @Test
  void onlyConnectedNodesWithTheModelAndSlots_areCandidates() {
    assertThat(
            rank(
                "m",
                NOTHING,
                peer(1, true, 1, capability("other", true, 1, 0)),
                peer(2, false, 1, capability("m", true, 1, 0)),
                peer(3, true, 1, capability("m", true, 0, 0)),
                peer(4, true, 1, capability("m", true, 1, 0))))
        .containsExactly(peerId(4));
  }

  @Test
  void nameWithoutTag_meansLatest() {
    assertThat(rank("m", NOTHING, peer(1, true, 1, capability("m:latest", true, 1, 0))))
        .containsExactly(peerId(1));
    assertThat(rank("m:latest", NOTHING, peer(1, true, 1, capability("m", true, 1, 0)))).isEmpty();
  }

  private static Capability offering(ModelOffer... offers) {
    return new Capability("node", "1", List.of(offers), 1, 0, 0, List.of());
  }

  private static ModelOffer model(String name, long parameters, boolean loaded, int context) {
    return new ModelOffer(name, "sha256:00", "ollama", 1, context, loaded, parameters, false);
  }

  @ParameterizedTest
  @CsvSource({
    "auto, big;mid;small",
    "edgecoder-auto, big;mid;small",
    "local, small",
    "edgecoder-local, small",
    "swarm, big;mid",
    "edgecoder-swarm, big;mid"
  })
  void anyModel_isTheBestOfEachNode_theBetterClassFirst(String name, String expected) {
    Capability own = offering(model("small", 1_000, true, 0), model("tiny", 500, true, 0));
    assertThat(
            candidates(
                name,
                own,
                List.of(
                    peer(1, true, 1, offering(model("mid", 3_000, true, 0))),
                    peer(2, true, 200, offering(model("big", 8_000, false, 0))),
                    peer(3, false, 1, offering(model("gone", 70_000, true, 0))))))
        .extracting(each -> each.model().name())
        .containsExactly(expected.split(";", -1));
  }

  @Test
  void longPrompt_neverGoesToAShortContext() {
    Capability brief = offering(model("m", 8_000, true, 50));
    Peer lengthy = peer(1, true, 300, offering(model("m", 8_000, false, 4_096)));
    assertThat(candidates("m", brief, List.of(lengthy)))
        .extracting(Candidate::worker)
        .containsExactly(peerId(1));
    Placer.Ranking none =
        Placer.rank(
            new Requirements("m"),
            5_000,
            SELF,
            brief,
            List.of(lengthy),
            new NoLabels(),
            experience);
    assertThat(none.candidates()).isEmpty();
    assertThat(none.excluded()).hasSize(2).allMatch(each -> each.contains("about 5000 tokens"));
    assertThat(candidates("auto", brief, List.of(lengthy)))
        .extracting(Candidate::worker)
        .containsExactly(peerId(1));
  }

  @Test
  void ownEngine_winsAtEqualLoad() {
    assertThat(
            rank("m", capability("m", true, 1, 0), peer(1, true, 1, capability("m", true, 1, 0))))
        .containsExactly(SELF, peerId(1));
  }

  @Test
  void freeNode_beatsABusyOne_andALoadedModelAnUnloaded() {
    assertThat(
            rank(
                "m",
                NOTHING,
                peer(1, true, 1, capability("m", true, 1, 1)),
                peer(2, true, 80, capability("m", true, 1, 0)),
                peer(3, true, 1, capability("m", false, 1, 0))))
        .containsExactly(peerId(2), peerId(3), peerId(1));
  }

  @Test
  void tasksPlacedSinceTheAdvert_count() {
    inFlight.put(peerId(1), 2);
    assertThat(
            rank(
                "m",
                NOTHING,
                peer(1, true, 1, capability("m", true, 1, 0)),
                peer(2, true, 5, capability("m", true, 1, 0))))
        .containsExactly(peerId(2), peerId(1));
  }

  @Test
  void recentFailure_ranksLast_butStaysACandidate() {
    failed.add(peerId(1));
    assertThat(
            rank(
                "m",
                NOTHING,
                peer(1, true, 1, capability("m", true, 1, 0)),
                peer(2, true, 90, capability("m", false, 1, 1))))
        .containsExactly(peerId(2), peerId(1));
  }

  @Test
  void doubtedNode_ranksLater_theMoreTheWorseItBehaved() {
    scores.put(peerId(1), 4.0);
    scores.put(peerId(2), 0.25);
    assertThat(
            rank(
                "m",
                NOTHING,
                peer(1, true, 1, capability("m", true, 1, 0)),
                peer(2, true, 1, capability("m", true, 1, 0)),
                peer(3, true, 90, capability("m", true, 1, 0))))
        .containsExactly(peerId(3), peerId(2), peerId(1));
  }

  @Test
  void candidates_areBounded() {
    List<Peer> many = new ArrayList<>();
    for (int i = 1; i <= 20; i++) {
      many.add(peer(i, true, i, capability("m", true, 1, 0)));
    }
    assertThat(candidates("m", NOTHING, many))
        .hasSize(Placer.CANDIDATES_MAX)
        .extracting(Candidate::worker)
        .startsWith(peerId(1), peerId(2));
  }

  @Test
  void nodesThatLabelsKeepARequestFrom_areLeftOut_byName() {
    LabelView labels =
        new LabelView() {
          @Override
          public Optional<Label> missing(Collection<Label> request) {
            return Optional.empty();
          }

          @Override
          public Optional<String> obstacle(Collection<Label> request, PeerId worker) {
            return worker.equals(peerId(1)) ? Optional.of("it is far away") : Optional.empty();
          }
        };
    Capability choosy =
        new Capability(
            "node",
            "1",
            List.of(new ModelOffer("m", "sha256:00", "ollama", 1, 0, true)),
            1,
            0,
            0,
            List.of(LabelRule.parse("m only team-a")));
    List<Peer> peers =
        List.of(
            peer(1, true, 1, capability("m", true, 1, 0)),
            peer(2, true, 1, choosy),
            peer(3, true, 1, capability("other", true, 1, 0)));
    Placer.Ranking ranking =
        Placer.rank(new Requirements("m"), 100, SELF, NOTHING, peers, labels, experience);
    assertThat(ranking.candidates()).isEmpty();
    assertThat(ranking.excluded())
        .containsExactly("peer1: it is far away", "peer2: its owner's rule is \"m only team-a\"");
    Requirements labelled = new Requirements("m", Set.of(new Label("team-a")));
    assertThat(Placer.rank(labelled, 100, SELF, NOTHING, peers, labels, experience).candidates())
        .extracting(Candidate::worker)
        .containsExactly(peerId(2));
  }

  @Test
  void nearestName_isTheOneWithTheFewestEdits() {
    assertThat(Nearest.to("qwen3:8b", List.of("llama3:8b", "qwen2.5:7b", "qwen3:4b")))
        .contains("qwen3:4b");
    assertThat(Nearest.to("x", List.of())).isEmpty();
  }
}
