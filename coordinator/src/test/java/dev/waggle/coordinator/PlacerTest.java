package dev.waggle.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.capability.Speed;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.exchange.JobPart;
import dev.waggle.mesh.swarm.exchange.KeepId;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
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
import java.util.OptionalInt;
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
  private final Map<PeerId, Breakers.Open> broken = new HashMap<>();
  private final Map<PeerId, Long> warm = new HashMap<>();
  private final Map<PeerId, Integer> ended = new HashMap<>();
  private final Map<PeerId, Long> forgotten = new HashMap<>();
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

        @Override
        public Optional<Breakers.Open> open(PeerId worker, String model) {
          return Optional.ofNullable(broken.get(worker));
        }

        @Override
        public int endedLately(PeerId worker) {
          return ended.getOrDefault(worker, 0);
        }

        @Override
        public long forgottenBytes(PeerId worker, String digest, PromptChain prompt) {
          return forgotten.getOrDefault(worker, 0L);
        }

        @Override
        public long warmBytes(PeerId worker, String digest, PromptChain prompt) {
          return warm.getOrDefault(worker, 0L);
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
    return placer(new NoLabels())
        .rank(demand(new Requirements(model), 100), own, peers)
        .candidates();
  }

  private Placer placer(LabelView labels) {
    return new Placer(SELF, labels, experience);
  }

  private static Demand demand(Requirements task, long tokens) {
    return new Demand(task, tokens, tokens, 100, new PromptChain(List.of()));
  }

  private List<PeerId> rank(String model, Capability own, Peer... peers) {
    return candidates(model, own, List.of(peers)).stream().map(Candidate::worker).toList();
  }

  @Test
  void whoMayHaveTheResultAlready_goesFirst() {
    Capability fast = capability("m", true, 4, 0);
    Capability slow = capability("m", false, 1, 1);
    List<Peer> peers = List.of(peer(1, true, 1, fast), peer(2, true, 90, slow));
    JobPart part = new JobPart("a1", new KeepId("0123456789abcdef".repeat(2)));
    Keeping.Earlier earlier = new Keeping.Earlier(peerId(2), Duration.ofSeconds(9));
    Terms kept = Terms.USUAL.kept(new Keeping(part, Optional.of(earlier)));
    Demand demand = demand(new Requirements("m"), 100);
    assertThat(placer(new NoLabels()).rank(demand, slow, peers, kept).candidates())
        .extracting(Candidate::worker)
        .startsWith(peerId(2), peerId(1));
    assertThat(placer(new NoLabels()).rank(demand, slow, peers).candidates())
        .extracting(Candidate::worker)
        .startsWith(peerId(1));
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
    return new ModelOffer(
        name,
        "sha256:00",
        "ollama",
        1,
        context,
        loaded,
        parameters,
        false,
        Set.of(),
        false,
        Speed.UNKNOWN);
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
        placer(new NoLabels()).rank(demand(new Requirements("m"), 5_000), brief, List.of(lengthy));
    assertThat(none.candidates()).isEmpty();
    assertThat(none.excluded()).isEmpty();
    assertThat(none.tooShort()).hasSize(2).allMatch(each -> each.contains("about 5000 tokens"));
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
        placer(labels).rank(demand(new Requirements("m"), 100), NOTHING, peers);
    assertThat(ranking.candidates()).isEmpty();
    assertThat(ranking.excluded())
        .containsExactly("peer1: it is far away", "peer2: its owner's rule is \"m only team-a\"");
    Requirements labelled = new Requirements("m", Set.of(new Label("team-a")));
    assertThat(placer(labels).rank(demand(labelled, 100), NOTHING, peers).candidates())
        .extracting(Candidate::worker)
        .containsExactly(peerId(2));
  }

  @Test
  void nearestName_isTheOneWithTheFewestEdits() {
    assertThat(Nearest.to("qwen3:8b", List.of("llama3:8b", "qwen2.5:7b", "qwen3:4b")))
        .contains("qwen3:4b");
    assertThat(Nearest.to("x", List.of())).isEmpty();
  }

  private static Capability running(ModelOffer offer, int busy, Duration backlog) {
    return new Capability("node", "1", List.of(offer), 1, busy, 0, backlog, List.of());
  }

  private static ModelOffer measured(double prefill, double decode) {
    return model("m", 7_000, true, 0).measured(false, new Speed(prefill, decode, Duration.ZERO));
  }

  @Test
  void measuredFasterNode_wins_evenIfItIsFarther() {
    assertThat(
            rank(
                "m",
                NOTHING,
                peer(1, true, 1, running(measured(100, 10), 0, Duration.ZERO)),
                peer(2, true, 300, running(measured(1_000, 40), 0, Duration.ZERO))))
        .containsExactly(peerId(2), peerId(1));
  }

  @Test
  void nodeThatSaysItsQueueIsLong_ranksLater() {
    assertThat(
            rank(
                "m",
                NOTHING,
                peer(1, true, 1, running(measured(100, 10), 0, Duration.ofSeconds(60))),
                peer(2, true, 1, running(measured(100, 5), 0, Duration.ZERO))))
        .containsExactly(peerId(2), peerId(1));
  }

  @Test
  void warmNode_wins_unlessItIsWorseByMoreThanTheSaving() {
    // 4,000 bytes are 1,000 tokens: ten seconds at 100 tokens a second.
    warm.put(peerId(1), 4_000L);
    Demand talk = demand(new Requirements("m"), 1_000);
    Peer warmer = peer(1, true, 1, running(measured(100, 10), 0, Duration.ofSeconds(6)));
    Peer colder = peer(2, true, 1, running(measured(100, 10), 0, Duration.ZERO));
    assertThat(first(talk, warmer, colder)).isEqualTo(peerId(1));
    Peer swamped = peer(1, true, 1, running(measured(100, 10), 0, Duration.ofSeconds(14)));
    assertThat(first(talk, swamped, colder)).isEqualTo(peerId(2));
  }

  @Test
  void taskThatEndedAMomentAgo_isNotCountedBecauseTheAdvertStillDoes() {
    ended.put(peerId(1), 1);
    assertThat(
            rank(
                "m",
                NOTHING,
                peer(1, true, 1, capability("m", true, 1, 1)),
                peer(2, true, 90, capability("m", true, 1, 0))))
        .containsExactly(peerId(1), peerId(2));
  }

  @Test
  void textsToEmbed_areEachHeldByThemselves() {
    List<String> texts = List.of("x".repeat(30_000), "y".repeat(30_000));
    assertThat(embedding(texts, false).tokensLeast()).isEqualTo(5_000);
    assertThat(embedding(texts, true).tokensLeast()).as("cut, where it is too long").isZero();
    assertThat(embedding(texts, true).tokens()).as("read all").isEqualTo(15_000);
  }

  private static Demand embedding(List<String> texts, boolean truncate) {
    return Demand.of(
        new TaskSpec.Embedding("m", Set.of(), texts, OptionalInt.empty(), truncate), 100);
  }

  @Test
  void newConversation_goesWhereItDrivesOutNoOther() {
    forgotten.put(peerId(1), 4_000L);
    Demand talk = demand(new Requirements("m"), 1_000);
    Peer nearer = peer(1, true, 1, running(measured(100, 10), 0, Duration.ZERO));
    Peer farther = peer(2, true, 90, running(measured(100, 10), 0, Duration.ZERO));
    assertThat(first(talk, nearer, farther)).isEqualTo(peerId(2));
  }

  private PeerId first(Demand demand, Peer... peers) {
    return placer(new NoLabels())
        .rank(demand, NOTHING, List.of(peers))
        .candidates()
        .get(0)
        .worker();
  }

  private static Capability node(boolean loaded, int running, double decode) {
    ModelOffer offer =
        new ModelOffer("m", "sha256:00", "ollama", 4_000_000_000L, 0, loaded)
            .measured(false, new Speed(1_000, decode, Duration.ZERO));
    return new Capability("node", "1", List.of(offer), 2, running, 0, List.of());
  }

  @Test
  void modelThatIsWarmWithRoom_isNotLoadedAgain_forALittleSpeed() {
    // An answer of 1,000 tokens takes a minute or so, beside another one longer; loading, 6 s.
    Demand talk = new Demand(new Requirements("m"), 100, 100, 1_000, new PromptChain(List.of()));
    Peer warmer = peer(1, true, 1, node(true, 1, 16));
    assertThat(first(talk, warmer, peer(2, true, 1, node(false, 0, 16)))).isEqualTo(peerId(1));
    assertThat(first(talk, warmer, peer(2, true, 1, node(false, 0, 24)))).isEqualTo(peerId(1));
    assertThat(first(talk, warmer, peer(2, true, 1, node(false, 0, 160))))
        .as("ten times as fast")
        .isEqualTo(peerId(2));
    Peer full = peer(1, true, 1, node(true, 3, 16));
    assertThat(first(talk, full, peer(2, true, 1, node(false, 0, 16))))
        .as("the warm one has no room")
        .isEqualTo(peerId(2));
  }

  @Test
  void openBreaker_leavesTheNodeOut_andSaysUntilWhen() {
    broken.put(peerId(1), new Breakers.Open("it failed", Duration.ofSeconds(4), true));
    Placer.Ranking ranking =
        placer(new NoLabels())
            .rank(
                demand(new Requirements("m"), 100),
                NOTHING,
                List.of(peer(1, true, 1, capability("m", true, 1, 0))));
    assertThat(ranking.candidates()).isEmpty();
    assertThat(ranking.broken()).containsExactly("peer1: it failed");
    assertThat(ranking.retryAfter()).isEqualTo(Duration.ofSeconds(4));
  }

  @Test
  void openBreaker_isTriedWhenNobodyElseHasTheModel_byOneTaskAtATime() {
    broken.put(peerId(1), new Breakers.Open("it failed", Duration.ofSeconds(4), false));
    Peer ailing = peer(1, true, 1, capability("m", true, 1, 0));
    assertThat(rank("m", NOTHING, ailing)).containsExactly(peerId(1));
    assertThat(rank("m", NOTHING, ailing, peer(2, true, 900, capability("m", false, 1, 1))))
        .containsExactly(peerId(2));
  }

  @Test
  void modelThatCannotDoWhatIsAsked_isLeftOut_andSaysWhat() {
    ModelOffer plain =
        new ModelOffer(
            "m",
            "sha256:00",
            "ollama",
            1,
            0,
            true,
            0,
            false,
            Set.of(Ability.COMPLETION),
            false,
            Speed.UNKNOWN);
    Requirements wanted =
        new Requirements("m", Set.of(), Set.of(Ability.COMPLETION, Ability.TOOLS));
    Placer.Ranking ranking =
        placer(new NoLabels()).rank(demand(wanted, 100), offering(plain), List.of());
    assertThat(ranking.candidates()).isEmpty();
    assertThat(ranking.excluded()).containsExactly("node: m there cannot do this: tools");
  }
}
