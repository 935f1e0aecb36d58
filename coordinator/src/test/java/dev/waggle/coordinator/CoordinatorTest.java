package dev.waggle.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Attempt;
import dev.waggle.ledger.BrokenPromise;
import dev.waggle.ledger.Claimed;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.H2Ledger;
import dev.waggle.ledger.LedgerEntry;
import dev.waggle.ledger.Receipt;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlobSource;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Peer;
import dev.waggle.mesh.swarm.capability.PeerView;
import dev.waggle.mesh.swarm.capability.Speed;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.JobPart;
import dev.waggle.mesh.swarm.exchange.KeepId;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.mesh.swarm.label.Label;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoordinatorTest {
  private static final String MODEL = "m:1b";
  private static final String DIGEST = "sha256:" + "0".repeat(64);
  private static final ModelOffer PYTHON =
      new ModelOffer(
          Language.PYTHON.runtime(),
          DIGEST,
          "process",
          0,
          0,
          true,
          0,
          false,
          Set.of(Ability.CODE),
          false,
          Speed.UNKNOWN);
  private static final Capability NOTHING =
      new Capability("me", "1", List.of(), 0, 0, 0, List.of());

  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
  private final Identity identity = Identity.generate(new SecureRandom());
  private final Identity first = Identity.generate(new SecureRandom());
  private final Identity second = Identity.generate(new SecureRandom());
  private final ScriptedExchange exchange = new ScriptedExchange();
  private @TempDir Path directory;
  private H2Ledger ledger;
  private final List<Conduct.Observed> faults = new CopyOnWriteArrayList<>();
  private final Conduct conduct = new Conduct(Clock.systemUTC(), faults::add);
  private Coordinator coordinator;

  @BeforeEach
  void start() throws Exception {
    ledger = H2Ledger.open(directory.resolve("ledger.mv.db"), identity, Clock.systemUTC());
    coordinator = coordinator(Duration.ofSeconds(60));
  }

  private Coordinator coordinator(Duration firstChunkMax) {
    // The first is always ranked before the second: it is nearer.
    List<Peer> peers = List.of(peer(first, "first", 1), peer(second, "second", 5));
    PeerView view =
        new PeerView() {
          @Override
          public List<Peer> peers() {
            return peers;
          }

          @Override
          public Optional<Peer> peer(PeerId id) {
            return peers.stream().filter(peer -> peer.id().equals(id)).findFirst();
          }
        };
    return new Coordinator(
        identity,
        exchange,
        view,
        new NoLabels(),
        conduct,
        () -> NOTHING,
        ledger,
        timer,
        Clock.systemUTC(),
        firstChunkMax,
        Duration.ofSeconds(60));
  }

  private static Peer peer(Identity identity, String name, int millis) {
    return new Peer(
        identity.peerId(),
        name,
        List.of(),
        true,
        Optional.empty(),
        Optional.of(Duration.ofMillis(millis)),
        Optional.of(
            new Capability(
                name,
                "1",
                List.of(new ModelOffer(MODEL, DIGEST, "ollama", 1, 4_096, true), PYTHON),
                1,
                0,
                0,
                List.of())),
        Instant.EPOCH);
  }

  @AfterEach
  void stop() throws InterruptedException {
    coordinator.close();
    // Nobody writes any more when the ledger closes and its folder goes.
    timer.shutdownNow();
    assertThat(timer.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    ledger.close();
  }

  /** What a client heard, and how much of the ledger was on disk when it heard the end. */
  private final class Heard implements TaskListener {
    final List<Placement> placements = new CopyOnWriteArrayList<>();
    final List<Chunk> chunks = new CopyOnWriteArrayList<>();
    final CompletableFuture<Object> end = new CompletableFuture<>();
    volatile long sequenceAtEnd;

    @Override
    public void onStarted(Placement placement) {
      placements.add(placement);
    }

    @Override
    public CompletableFuture<Void> onChunk(Chunk chunk) {
      chunks.add(chunk);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void onDone(TaskSummary summary) {
      sequenceAtEnd = ledger.head().checkpoint().size();
      end.complete(summary);
    }

    @Override
    public void onFailed(TaskFailure failure) {
      end.complete(failure);
    }

    <T> T end(Class<T> type) throws Exception {
      return type.cast(end.get(10, TimeUnit.SECONDS));
    }
  }

  private static TaskSpec chat(String model) {
    return new TaskSpec.Chat(
        model, List.of(new ChatMessage(ChatMessage.Role.USER, "hello")), Sampling.DEFAULT);
  }

  private ScriptedExchange.Claim claim(int number) {
    await()
        .until(() -> exchange.claims.size() > number && exchange.claims.get(number).isAssigned());
    return exchange.claims.get(number);
  }

  private static TaskResult failed(Outcome.Failure failure, String message) {
    return new TaskResult(new Outcome.Failed(failure, message), Usage.NONE, new byte[0]);
  }

  @Test
  void answer_isCompleteOnlyWhenItsReceiptIsOnDisk_andThenDelivered() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    Heard heard = new Heard();
    RunningTask task = coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    ScriptedExchange.Claim claim = claim(0);
    claim.listener().onChunk(new Chunk.Text("hi"));
    claim.listener().onResult(claim.done(identity.peerId(), MODEL, DIGEST));

    TaskSummary summary = heard.end(TaskSummary.class);
    assertThat(heard.sequenceAtEnd).as("the claim and its receipt").isEqualTo(2);
    assertThat(heard.placements).containsExactly(summary.placement());
    assertThat(summary.placement().worker()).isEqualTo(first.peerId());
    assertThat(summary.placement().task()).isEqualTo(task.id());
    assertThat(heard.chunks).containsExactly(new Chunk.Text("hi"));
    await().until(() -> exchange.settlements.size() == 1);
    assertThat(Receipt.parse(exchange.settlements.get(0)).verifyBoth()).isTrue();
    await().until(() -> ledger.pendingSettlements(10).isEmpty());
  }

  @Test
  void settlement_isTriedAgainUntilItArrives_byTheNextRunToo() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    exchange.settling = false;
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    ScriptedExchange.Claim claim = claim(0);
    claim.listener().onResult(claim.done(identity.peerId(), MODEL, DIGEST));
    heard.end(TaskSummary.class);
    await().until(() -> !exchange.settlements.isEmpty());
    assertThat(ledger.pendingSettlements(10)).hasSize(1);
    coordinator.close();

    exchange.settling = true;
    coordinator = coordinator(Duration.ofSeconds(60));
    await().atMost(Duration.ofSeconds(20)).until(() -> ledger.pendingSettlements(10).isEmpty());
  }

  @Test
  void workerThatFailsBeforeItsFirstChunk_isReplacedUnseen_andNoted() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    exchange.accepts(second, identity.peerId(), DIGEST);
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    claim(0).listener().onLost(new IOException("the worker broke off"));
    ScriptedExchange.Claim next = claim(1);
    next.listener().onResult(next.done(identity.peerId(), MODEL, DIGEST));

    TaskSummary summary = heard.end(TaskSummary.class);
    assertThat(summary.placement().worker()).isEqualTo(second.peerId());
    assertThat(heard.placements).hasSize(1);
    List<LedgerEntry> entries = ledger.entries(1, 10);
    assertThat(entries)
        .extracting(LedgerEntry::type)
        .containsExactly(EntryType.CLAIM, EntryType.ATTEMPT, EntryType.CLAIM, EntryType.RECEIPT);
    ClaimPromise promise = Claimed.parse(entries.get(0).payload()).promise();
    assertThat(promise.isSigned()).isTrue();
    assertThat(promise.worker()).isEqualTo(first.peerId()).isEqualTo(entries.get(0).actor());
    Attempt attempt = Attempt.parse(entries.get(1).payload());
    assertThat(attempt.worker()).isEqualTo(first.peerId());
    assertThat(attempt.cause()).contains("broke off");
  }

  @Test
  void workerThatNeverBegins_isReplacedAfterTheLimit() throws Exception {
    coordinator.close();
    coordinator = coordinator(Duration.ofMillis(200));
    exchange.accepts(first, identity.peerId(), DIGEST);
    exchange.accepts(second, identity.peerId(), DIGEST);
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    ScriptedExchange.Claim late = claim(0);
    ScriptedExchange.Claim next = claim(1);
    assertThat(late.canceled).isTrue();
    late.listener().onChunk(new Chunk.Text("too late"));
    next.listener().onChunk(new Chunk.Text("in time"));
    next.listener().onResult(next.done(identity.peerId(), MODEL, DIGEST));
    heard.end(TaskSummary.class);
    assertThat(heard.chunks).containsExactly(new Chunk.Text("in time"));
  }

  @Test
  void workerThatFailsAfterItsFirstChunk_endsTheAnswerWithAnError() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    exchange.accepts(second, identity.peerId(), DIGEST);
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    ScriptedExchange.Claim claim = claim(0);
    claim.listener().onChunk(new Chunk.Text("so far"));
    claim.listener().onResult(failed(Outcome.Failure.ENGINE, "it crashed"));
    assertThat(heard.end(TaskFailure.Failed.class).message())
        .contains("broke off")
        .contains("it crashed");
    assertThat(exchange.claims).hasSize(1);
  }

  @Test
  void requestThatTheEngineRefuses_isNotTriedElsewhere() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    exchange.accepts(second, identity.peerId(), DIGEST);
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    claim(0).listener().onResult(failed(Outcome.Failure.BAD_REQUEST, "cannot do that"));
    assertThat(heard.end(TaskFailure.BadRequest.class).message()).contains("cannot do that");
    assertThat(exchange.claims).hasSize(1);
  }

  @Test
  void declinedEverywhere_isOverload_withATimeToComeBack() throws Exception {
    exchange.declines(first, OfferReply.Reason.BUSY);
    exchange.declines(second, OfferReply.Reason.BUSY);
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    TaskFailure.Overloaded overloaded = heard.end(TaskFailure.Overloaded.class);
    assertThat(overloaded.retryAfter()).isEqualTo(Duration.ofSeconds(3));
    assertThat(overloaded.message()).contains("first").contains("second");
  }

  @Test
  void unreachableWorkers_areNamed() throws Exception {
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    assertThat(heard.end(TaskFailure.Failed.class).message())
        .contains("first could not be reached: not connected");
  }

  @Test
  void unknownModel_isRefusedWithTheNearestName() throws Exception {
    Heard heard = new Heard();
    coordinator.submit(chat("m:7b"), Terms.USUAL, heard);
    assertThat(heard.end(TaskFailure.NoSuchModel.class).message())
        .isEqualTo("model \"m:7b\" is on no reachable node; nearest: m:1b (try: waggle models)");
  }

  @ParameterizedTest
  @ValueSource(strings = {MODEL, "auto"})
  void promptThatIsTooLongForEverybody_isRefused(String model) throws Exception {
    ChatMessage message = new ChatMessage(ChatMessage.Role.USER, "x".repeat(30_000));
    Heard heard = new Heard();
    coordinator.submit(
        new TaskSpec.Chat(model, List.of(message), Sampling.DEFAULT), Terms.USUAL, heard);
    assertThat(heard.end(TaskFailure.TooLong.class).message())
        .contains("first: its context of 4096 tokens is too short for a prompt of about 5000")
        .contains("second: its context");
  }

  @Test
  void receiptForMoreThanCame_isNotTrue() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    ScriptedExchange.Claim claim = claim(0);
    claim.listener().onChunk(new Chunk.Text("hi"));
    claim.sent.addAndGet(1_000);
    claim.listener().onResult(claim.done(identity.peerId(), MODEL, DIGEST));
    assertThat(heard.end(TaskFailure.Failed.class).message())
        .contains("it is for 1002 bytes of answer, and 2 came");
    assertThat(faults).extracting(Conduct.Observed::fault).containsExactly(Fault.FALSE_RECEIPT);
  }

  @Test
  void workerWithTooManyFaults_getsNoTasks_untilTheyAreForgiven() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    exchange.accepts(second, identity.peerId(), DIGEST);
    conduct.observe(first.peerId(), Fault.FALSE_RECEIPT);
    conduct.observe(first.peerId(), Fault.FALSE_RECEIPT);
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    assertThat(claim(0).worker()).isEqualTo(second.peerId());
    conduct.observe(second.peerId(), Fault.FALSE_RECEIPT);
    conduct.observe(second.peerId(), Fault.FALSE_RECEIPT);
    Heard refused = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, refused);
    assertThat(refused.end(TaskFailure.NotAllowed.class).message())
        .contains("first: it is not trusted with tasks until")
        .contains("second: it is not trusted");
    conduct.forgive(first.peerId());
    coordinator.submit(chat(MODEL), Terms.USUAL, new Heard());
    assertThat(claim(1).worker()).isEqualTo(first.peerId());
  }

  @Test
  void receiptThatIsNotTrue_failsTheTask_andIsNotSigned() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    ScriptedExchange.Claim claim = claim(0);
    claim.listener().onChunk(new Chunk.Text("hi"));
    claim.listener().onResult(claim.done(identity.peerId(), MODEL, "sha256:" + "1".repeat(64)));
    assertThat(heard.end(TaskFailure.Failed.class).message()).contains("invalid receipt");
    assertThat(faults).hasSize(1);
    assertThat(faults.get(0).peer()).isEqualTo(first.peerId());
    assertThat(faults.get(0).fault()).isEqualTo(Fault.FALSE_RECEIPT);
    // Whoever gets these bytes can check them with nothing else.
    BrokenPromise evidence = BrokenPromise.parse(faults.get(0).evidence());
    assertThat(evidence.accused()).isEqualTo(first.peerId());
    assertThat(evidence.contradictions()).hasSize(1).first().asString().contains("digest");
    await()
        .untilAsserted(
            () ->
                assertThat(ledger.entries(1, 10))
                    .extracting(LedgerEntry::type)
                    .containsExactly(EntryType.CLAIM, EntryType.ATTEMPT));
    assertThat(exchange.settlements).isEmpty();
  }

  @Test
  void ledgerThatCannotWrite_failsTheTaskHonestly() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    Heard heard = new Heard();
    coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    ScriptedExchange.Claim claim = claim(0);
    ledger.close();
    claim.listener().onChunk(new Chunk.Text("hi"));
    claim.listener().onResult(claim.done(identity.peerId(), MODEL, DIGEST));
    assertThat(heard.end(TaskFailure.LedgerUnavailable.class).message())
        .contains("could not be written");
  }

  @Test
  void close_leavesWhatIsKept_toItsWorker() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    JobPart part = new JobPart("a1", new KeepId("0123456789abcdef".repeat(2)));
    Terms kept = Terms.USUAL.kept(new Keeping(part, Optional.empty()));
    coordinator.submit(chat(MODEL), kept, new Heard());
    ScriptedExchange.Claim claim = claim(0);
    assertThat(claim.part).contains(part);
    coordinator.close();
    assertThat(claim.left).as("before it is cancelled, which means nothing then").isTrue();
  }

  @Test
  void cancel_givesTheClaimUp_andNothingMoreIsHeard() throws Exception {
    exchange.accepts(first, identity.peerId(), DIGEST);
    Heard heard = new Heard();
    RunningTask task = coordinator.submit(chat(MODEL), Terms.USUAL, heard);
    ScriptedExchange.Claim claim = claim(0);
    task.cancel();
    task.cancel();
    assertThat(claim.canceled).isTrue();
    claim.listener().onChunk(new Chunk.Text("late"));
    claim.listener().onResult(claim.done(identity.peerId(), MODEL, DIGEST));
    assertThat(heard.chunks).isEmpty();
    assertThat(heard.end).isNotDone();
    await()
        .untilAsserted(
            () ->
                assertThat(ledger.entries(1, 10))
                    .extracting(LedgerEntry::type)
                    .containsExactly(EntryType.CLAIM));
  }

  /**
   * What a node shares beside snapshots.
   *
   * @param file what everybody gets; empty where nobody gets anything
   */
  private record Others(Optional<Path> file) implements BlobSource {
    @Override
    public boolean isOpenTo(PeerId member) {
      return file.isPresent();
    }

    @Override
    public Optional<ModelManifest> describe(String model, String digest) {
      throw new AssertionError("nobody may see that");
    }

    @Override
    public BlobReply hashes(BlobDigest digest, BlockRange range) {
      throw new AssertionError("nobody may see that");
    }

    @Override
    public Optional<SeekableByteChannel> open(BlobDigest digest) throws IOException {
      return Optional.of(
          FileChannel.open(file.orElseThrow(() -> new AssertionError("nobody may see that"))));
    }
  }

  private static boolean gives(BlobSource source, Identity member, BlobDigest digest)
      throws IOException {
    return gives(source.to(member.peerId()), digest);
  }

  private static boolean gives(BlobSource source, BlobDigest digest) throws IOException {
    Optional<SeekableByteChannel> content = source.open(digest);
    if (content.isPresent()) {
      content.get().close();
    }
    return content.isPresent();
  }

  private static TaskSpec onSnapshot(BlobDigest digest, Set<Label> labels) {
    TaskSpec.Code plain = new TaskSpec.Code(Language.PYTHON, "pass");
    return new TaskSpec.Code(
        plain.language(),
        labels,
        plain.source(),
        plain.args(),
        plain.stdin(),
        plain.files(),
        plain.collect(),
        plain.limits(),
        Optional.of(new Snapshot(digest, 7, List.of())));
  }

  @Test
  void snapshot_goesOverARelay_butNoModelDoes_norWhatStaysOnTheLan() throws Exception {
    Path file = Files.writeString(directory.resolve("snapshot"), "content");
    BlobDigest open = new BlobDigest("ab".repeat(32));
    BlobDigest lan = new BlobDigest("cd".repeat(32));
    BlobDigest model = new BlobDigest("ef".repeat(32));
    BlobSource source =
        coordinator.snapshots(any -> Optional.of(file), new Others(Optional.of(file)));
    exchange.accepts(first, identity.peerId(), DIGEST);
    coordinator.submit(onSnapshot(lan, Set.of(Label.LAN_ONLY)), Terms.USUAL, new Heard());
    claim(0);
    coordinator.submit(onSnapshot(open, Set.of()), Terms.USUAL, new Heard());
    claim(1);
    BlobSource relayed = source.relayedTo(first.peerId()).orElseThrow();
    assertThat(gives(relayed, open)).isTrue();
    assertThat(gives(relayed, lan)).isFalse();
    assertThat(gives(relayed, model)).isFalse();
    assertThat(relayed.describe("m", DIGEST)).isEmpty();
    BlobSource direct = source.to(first.peerId());
    assertThat(gives(direct, lan)).isTrue();
    assertThat(gives(direct, model)).isTrue();
  }

  @Test
  void snapshot_isGivenToWhoHoldsItsTask_andToNobodyElse() throws Exception {
    Path file = Files.writeString(directory.resolve("snapshot"), "content");
    BlobDigest digest = new BlobDigest("ab".repeat(32));
    BlobSource source =
        coordinator.snapshots(any -> Optional.of(file), new Others(Optional.empty()));
    exchange.accepts(first, identity.peerId(), DIGEST);
    exchange.accepts(second, identity.peerId(), DIGEST);
    TaskSpec task = onSnapshot(digest, Set.of());
    assertThat(source.isOpenTo(first.peerId())).isFalse();
    assertThat(source.relayedTo(first.peerId())).isEmpty();
    assertThat(gives(source, first, digest)).isFalse();

    coordinator.submit(task, Terms.USUAL, new Heard());
    ScriptedExchange.Claim claim = claim(0);
    assertThat(source.isOpenTo(first.peerId())).isTrue();
    assertThat(gives(source, first, digest)).isTrue();
    assertThat(gives(source, first, new BlobDigest("cd".repeat(32)))).isFalse();
    assertThat(source.to(first.peerId()).describe("m", DIGEST)).isEmpty();
    assertThat(source.to(first.peerId()).hashes(digest, new BlockRange(0, 1)))
        .isEqualTo(new BlobReply.Refused(BlobReply.Reason.UNKNOWN));
    assertThat(source.open(digest)).as("without a name").isEmpty();
    assertThat(source.isOpenTo(second.peerId())).isFalse();
    assertThat(gives(source, second, digest)).isFalse();

    claim.listener().onResult(failed(Outcome.Failure.LIMIT, "the files did not come"));
    claim(1);
    assertThat(gives(source, second, digest)).as("the next one's").isTrue();
    assertThat(gives(source, first, digest)).as("its claim is over").isFalse();
  }

  @Test
  void offerThatIsWithdrawn_isNotHeldAgainstTheWorker() throws Exception {
    exchange.scripts.put(first.peerId(), offer -> new CompletableFuture<>());
    for (int i = 0; i <= Breakers.FAILURES_MAX; i++) {
      RunningTask task = coordinator.submit(chat(MODEL), Terms.USUAL, new Heard());
      task.cancel();
      assertThat(coordinator.story(task.id()).orElseThrow().events())
          .extracting(TaskStory.Event::kind)
          .containsExactly(TaskStory.Kind.OFFERED, TaskStory.Kind.CANCELED);
    }
    exchange.accepts(first, identity.peerId(), DIGEST);
    coordinator.submit(chat(MODEL), Terms.USUAL, new Heard());
    assertThat(claim(0).worker()).isEqualTo(first.peerId());
  }
}
