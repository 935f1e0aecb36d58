package dev.waggle.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.IdentityStore;
import dev.waggle.crypto.PassphraseSource;
import dev.waggle.ledger.EntryType;
import dev.waggle.ledger.H2Ledger;
import dev.waggle.ledger.LedgerEntry;
import dev.waggle.ledger.Observation;
import dev.waggle.ledger.Offered;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.JobPart;
import dev.waggle.mesh.swarm.exchange.KeepId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.ResultSink;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.worker.engine.Patience;
import dev.waggle.worker.engine.ollama.OllamaEngine;
import dev.waggle.worker.fake.FakeOllama;
import dev.waggle.worker.fake.FakeServer.Fault;
import dev.waggle.worker.owner.MachineState;
import dev.waggle.worker.owner.OwnerRules;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerTest {
  private static final Observation OBSERVED = new Observation(1, Duration.ZERO, Duration.ZERO);

  private static final byte[] SWARM = new byte[32];
  private static final byte[] HASH = new byte[32];

  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);
  private final Identity identity = Identity.generate(new SecureRandom());
  private final Identity requester = Identity.generate(new SecureRandom());
  private final AtomicInteger changes = new AtomicInteger();
  private @TempDir Path directory;
  private FakeOllama ollama;
  private volatile MachineState machine = MachineState.UNKNOWN;
  private volatile String name = "member";
  private H2Ledger ledger;
  private KeptFiles kept;
  private Worker worker;

  @BeforeEach
  void start() throws Exception {
    ollama = new FakeOllama();
    ledger = H2Ledger.open(directory.resolve("ledger.mv.db"), identity, Clock.systemUTC());
    kept =
        new KeptFiles(
            directory.resolve("kept"),
            IdentityStore.open(directory, new SecureRandom(), PassphraseSource.NONE).disk());
    begin();
  }

  /** Starts the worker, for the first time or again. */
  private void begin() {
    worker =
        new Worker(
            new Worker.Parts(
                identity,
                () -> SWARM,
                ledger,
                List.of(
                    new OllamaEngine(
                        ollama.address(),
                        8_192,
                        new Patience(Duration.ofSeconds(20), Duration.ofSeconds(20)),
                        timer)),
                new Limits(2, 1, 1),
                new Worker.Owner(
                    new OwnerRules(List.of(), Set.of("blocked"), true, 85, 0, 0, 0, 0, List.of()),
                    () -> machine,
                    peer -> name),
                new Worker.Probing(false, new NoProbes()),
                kept,
                timer,
                Clock.systemUTC()),
            changes::incrementAndGet);
    worker.start();
    await().until(() -> !capability().models().isEmpty());
  }

  @AfterEach
  void stop() {
    worker.close();
    ollama.close();
    ledger.close();
    timer.shutdownNow();
  }

  private Capability capability() {
    return worker.capability("node", "test");
  }

  private static final class Recorded implements ResultSink {
    final List<Chunk> chunks = new CopyOnWriteArrayList<>();
    final CompletableFuture<TaskResult> result = new CompletableFuture<>();
    final CompletableFuture<Void> began = new CompletableFuture<>();
    volatile boolean gone;

    @Override
    public void running() {
      began.complete(null);
    }

    @Override
    public CompletableFuture<Void> chunk(Chunk chunk) {
      chunks.add(chunk);
      return gone
          ? CompletableFuture.failedFuture(new IOException("gone"))
          : CompletableFuture.completedFuture(null);
    }

    @Override
    public void finish(TaskResult end) {
      result.complete(end);
    }
  }

  private OfferReply offer(String model) {
    return worker.onOffer(
        requester.peerId(),
        new Offer(
            TaskId.at(Instant.now()),
            new Requirements(model),
            1_024,
            Duration.ofSeconds(60),
            Priority.NORMAL));
  }

  private ClaimId claim(String model) {
    return ((OfferReply.Accepted) offer(model)).claim();
  }

  private Assignment assign(ClaimId claim, String model, ResultSink sink) {
    return assign(claim, model, Optional.empty(), sink);
  }

  private Assignment assign(ClaimId claim, String model, Optional<JobPart> part, ResultSink sink) {
    Assignment assignment =
        new Assignment(
            TaskId.at(Instant.now()),
            claim,
            requester.peerId(),
            new TaskSpec.Chat(
                model, List.of(new ChatMessage(ChatMessage.Role.USER, "Count.")), Sampling.DEFAULT),
            part,
            HASH);
    worker.onAssign(assignment, sink);
    return assignment;
  }

  private static TaskResult result(Recorded recorded) throws Exception {
    return recorded.result.get(20, TimeUnit.SECONDS);
  }

  @Test
  void task_isRunAndReceipted() throws Exception {
    Recorded recorded = new Recorded();
    Assignment assignment = assign(claim(FakeOllama.MODEL), FakeOllama.MODEL, recorded);
    TaskResult result = result(recorded);
    assertThat(result.outcome()).isEqualTo(new Outcome.Done(Outcome.FinishReason.STOP));
    assertThat(recorded.chunks).hasSize(FakeOllama.ANSWER.size());
    Receipt receipt = Receipt.parse(result.receipt());
    assertThat(receipt.verifyWorker()).isTrue();
    assertThat(receipt.verifyBoth()).isFalse();
    ReceiptBody body = receipt.body();
    assertThat(body.task()).isEqualTo(assignment.task().value());
    assertThat(body.requester()).isEqualTo(requester.peerId());
    assertThat(body.model()).isEqualTo(FakeOllama.MODEL);
    assertThat(body.modelDigest()).isEqualTo("sha256:" + FakeOllama.digest(FakeOllama.MODEL));
    assertThat(body.work().outputTokens()).isEqualTo(5);
    assertThat(body.work().outputBytes())
        .isEqualTo(String.join("", FakeOllama.ANSWER).getBytes(StandardCharsets.UTF_8).length);
    assertThat(body.work().promptBytes()).isPositive();
    assertThat(body.work().parameters()).isEqualTo(1_200);
    assertThat(body.work().outcome()).isEqualTo("stop");
    assertThat(body.work().demandPercent()).isPositive();
    await().until(() -> capability().running() == 0 && capability().queued() == 0);
  }

  @Test
  void offers_areDeclinedForAReason() {
    assertThat(offer("no-such-model"))
        .isInstanceOfSatisfying(
            OfferReply.Declined.class,
            declined -> assertThat(declined.reason()).isEqualTo(OfferReply.Reason.NO_SUCH_MODEL));
    assertThat(
            worker.onOffer(
                requester.peerId(),
                new Offer(
                    TaskId.at(Instant.now()),
                    new Requirements(FakeOllama.MODEL),
                    Limits.TASK_BYTES_MAX + 1,
                    Duration.ofSeconds(60),
                    Priority.NORMAL)))
        .isInstanceOfSatisfying(
            OfferReply.Declined.class,
            declined -> assertThat(declined.reason()).isEqualTo(OfferReply.Reason.TOO_LARGE));
    for (int i = 0; i < 3; i++) {
      assertThat(offer(FakeOllama.MODEL)).isInstanceOf(OfferReply.Accepted.class);
    }
    assertThat(offer(FakeOllama.MODEL))
        .isInstanceOfSatisfying(
            OfferReply.Declined.class,
            declined -> {
              assertThat(declined.reason()).isEqualTo(OfferReply.Reason.BUSY);
              assertThat(declined.retryAfter()).isPositive();
            });
    assertThat(capability().queued()).isEqualTo(3);
    worker.close();
    assertThat(offer(FakeOllama.MODEL))
        .isInstanceOfSatisfying(
            OfferReply.Declined.class,
            declined -> assertThat(declined.reason()).isEqualTo(OfferReply.Reason.STOPPING));
  }

  @Test
  void queuedTask_startsWhenTheFirstOfItsModelEnds() throws Exception {
    ClaimId first = claim(FakeOllama.ENDLESS);
    Recorded endless = new Recorded();
    assign(first, FakeOllama.ENDLESS, endless);
    Recorded waiting = new Recorded();
    assign(claim(FakeOllama.ENDLESS), FakeOllama.ENDLESS, waiting);
    await().until(() -> !endless.chunks.isEmpty());
    assertThat(waiting.chunks).isEmpty();
    assertThat(ollama.chatting()).isEqualTo(1);
    worker.onCancel(first);
    await().until(() -> !waiting.chunks.isEmpty());
  }

  @Test
  void pause_isInForceAtOnce_forWhatWaitsToo_butNotForTheOwner() throws Exception {
    ClaimId first = claim(FakeOllama.ENDLESS);
    Recorded running = new Recorded();
    assign(first, FakeOllama.ENDLESS, running);
    await().until(() -> !running.chunks.isEmpty());
    Recorded waiting = new Recorded();
    assign(claim(FakeOllama.ENDLESS), FakeOllama.ENDLESS, waiting);
    ClaimId held = claim(FakeOllama.MODEL);

    worker.pause(Instant.MAX);
    assertThat(result(waiting).outcome())
        .isInstanceOfSatisfying(
            Outcome.Failed.class, failed -> assertThat(failed.message()).contains("paused"));
    Recorded late = new Recorded();
    assign(held, FakeOllama.MODEL, late);
    assertThat(result(late).outcome()).isInstanceOf(Outcome.Failed.class);
    assertThat(declined(offer(FakeOllama.MODEL))).isEqualTo(OfferReply.Reason.OWNER);
    assertThat(worker.closedFor().orElseThrow()).contains("paused");
    assertThat(running.result).isNotDone();
    assertThat(
            worker.onOffer(
                identity.peerId(),
                new Offer(
                    TaskId.at(Instant.now()),
                    new Requirements(FakeOllama.MODEL),
                    1_024,
                    Duration.ofSeconds(60),
                    Priority.NORMAL)))
        .isInstanceOf(OfferReply.Accepted.class);
    worker.resume();
    assertThat(worker.closedFor()).isEmpty();
  }

  private static OfferReply.Reason declined(OfferReply reply) {
    return ((OfferReply.Declined) reply).reason();
  }

  @Test
  void machineAndBlocks_countForOthersOffers() {
    name = "blocked";
    assertThat(declined(offer(FakeOllama.MODEL))).isEqualTo(OfferReply.Reason.NOT_PERMITTED);
    name = "member";
    int before = changes.get();
    machine = new MachineState(OptionalInt.of(5), false, 10, 4_096, MachineState.Heat.NORMAL);
    await().until(() -> worker.closedFor().isPresent() && changes.get() > before);
    assertThat(declined(offer(FakeOllama.MODEL))).isEqualTo(OfferReply.Reason.OWNER);
    machine = MachineState.UNKNOWN;
    await().until(() -> worker.closedFor().isEmpty());
    assertThat(offer(FakeOllama.MODEL)).isInstanceOf(OfferReply.Accepted.class);
  }

  @Test
  void resultWhoseRequesterIsLost_isKeptForIt_andNotMadeAgain() throws Exception {
    Optional<JobPart> part =
        Optional.of(new JobPart("a1", new KeepId("0123456789abcdef".repeat(2))));
    ollama.pace(new FakeOllama.Pace(Duration.ZERO, Duration.ZERO, Duration.ofMillis(50)));
    ClaimId first = claim(FakeOllama.MODEL);
    Recorded lost = new Recorded();
    assign(first, FakeOllama.MODEL, part, lost);
    await().until(() -> !lost.chunks.isEmpty());
    lost.gone = true;
    worker.onLost(first);
    List<Chunk> answer = FakeOllama.ANSWER.stream().<Chunk>map(Chunk.Text::new).toList();
    // It asks again while the first still runs, and gets what that came to.
    ClaimId second = claim(FakeOllama.MODEL);
    Recorded back = new Recorded();
    Assignment again = assign(second, FakeOllama.MODEL, part, back);
    TaskResult result = result(back);
    assertThat(result.outcome()).isInstanceOf(Outcome.Done.class);
    assertThat(back.chunks).isEqualTo(answer);
    assertThat(lost.result).isNotDone();
    Receipt half = Receipt.parse(result.receipt());
    assertThat(half.body().claim()).isEqualTo(second.value());
    assertThat(half.body().job()).isEqualTo("a1");
    assertThat(half.body().task()).isEqualTo(again.task().value());
    assertThat(ollama.chats()).hasSize(1);

    // As long as it has not signed for it, it may ask once more, also a worker that was away.
    worker.close();
    begin();
    ClaimId third = claim(FakeOllama.MODEL);
    Recorded unsigned = new Recorded();
    assign(third, FakeOllama.MODEL, part, unsigned);
    Receipt last = Receipt.parse(result(unsigned).receipt());
    assertThat(unsigned.chunks).isEqualTo(answer);
    assertThat(last.body().work()).isEqualTo(half.body().work());
    assertThat(ollama.chats()).hasSize(1);
    assertThat(directory.resolve("kept")).isDirectoryContaining("glob:**");
    worker
        .onSettle(requester.peerId(), last.countersign(requester, OBSERVED).bytes())
        .get(20, TimeUnit.SECONDS);
    await().untilAsserted(() -> assertThat(directory.resolve("kept")).isEmptyDirectory());
    Recorded forgotten = new Recorded();
    assign(claim(FakeOllama.MODEL), FakeOllama.MODEL, part, forgotten);
    result(forgotten);
    assertThat(ollama.chats()).hasSize(2);
  }

  @Test
  void resultThatIsKept_isNobodyElses_andEndsWhenItIsGivenUp() throws Exception {
    Optional<JobPart> part =
        Optional.of(new JobPart("a1", new KeepId("0123456789abcdef".repeat(2))));
    ClaimId claim = claim(FakeOllama.ENDLESS);
    Recorded recorded = new Recorded();
    assign(claim, FakeOllama.ENDLESS, part, recorded);
    await().until(() -> !recorded.chunks.isEmpty());
    worker.onLost(claim);
    assertThat(ollama.abandoned()).isZero();
    worker.onCancel(claim);
    await().until(() -> ollama.chatting() == 0);

    ClaimId without = claim(FakeOllama.ENDLESS);
    Recorded unkept = new Recorded();
    assign(without, FakeOllama.ENDLESS, unkept);
    await().until(() -> !unkept.chunks.isEmpty());
    worker.onLost(without);
    await().until(() -> ollama.chatting() == 0);
    await().until(() -> capability().running() == 0);
  }

  @Test
  void cancel_reachesTheEngineAndFreesThePlace() throws Exception {
    ClaimId claim = claim(FakeOllama.ENDLESS);
    Recorded recorded = new Recorded();
    assign(claim, FakeOllama.ENDLESS, recorded);
    await().until(() -> !recorded.chunks.isEmpty());
    worker.onCancel(claim);
    await().until(() -> ollama.chatting() == 0);
    await().until(() -> capability().running() == 0 && capability().queued() == 0);
    worker.onCancel(claim);
    worker.onCancel(ClaimId.random());
  }

  @Test
  void claimThatIsNeverAssigned_isFreedByItsCancellation() {
    ClaimId claim = claim(FakeOllama.MODEL);
    assertThat(capability().queued()).isEqualTo(1);
    worker.onCancel(claim);
    assertThat(capability().queued()).isZero();
    Recorded late = new Recorded();
    assign(claim, FakeOllama.MODEL, late);
    assertThat(ollama.chats()).isEmpty();
  }

  @Test
  void readerThatIsGone_stopsTheEngine() {
    Recorded recorded = new Recorded();
    recorded.gone = true;
    assign(claim(FakeOllama.ENDLESS), FakeOllama.ENDLESS, recorded);
    await().until(() -> ollama.abandoned() == 1);
    await().until(() -> capability().running() == 0);
  }

  @Test
  void engineFault_isAFailedResultWithoutReceipt() throws Exception {
    ollama.fail(FakeOllama.MODEL, Fault.ERROR_MID_STREAM);
    Recorded recorded = new Recorded();
    assign(claim(FakeOllama.MODEL), FakeOllama.MODEL, recorded);
    TaskResult result = result(recorded);
    assertThat(result.outcome())
        .isInstanceOfSatisfying(
            Outcome.Failed.class,
            failed -> assertThat(failed.failure()).isEqualTo(Outcome.Failure.ENGINE));
    assertThat(result.receipt()).isEmpty();
    await().until(() -> capability().running() == 0);
  }

  @Test
  void settlement_isRecordedOnce_andForgeriesAreRefused() throws Exception {
    Recorded recorded = new Recorded();
    assign(claim(FakeOllama.MODEL), FakeOllama.MODEL, recorded);
    Receipt half = Receipt.parse(result(recorded).receipt());
    byte[] whole = half.countersign(requester, OBSERVED).bytes();
    worker.onSettle(requester.peerId(), whole).get(10, TimeUnit.SECONDS);
    worker.onSettle(requester.peerId(), whole).get(10, TimeUnit.SECONDS);
    await()
        .untilAsserted(
            () ->
                assertThat(ledger.entries(1, 10))
                    .extracting(LedgerEntry::type)
                    .containsExactlyInAnyOrder(
                        EntryType.OFFER, EntryType.RESULT, EntryType.RECEIPT));

    Identity other = Identity.generate(new SecureRandom());
    for (CompletableFuture<Void> forged :
        List.of(
            worker.onSettle(requester.peerId(), half.bytes()),
            worker.onSettle(other.peerId(), whole),
            worker.onSettle(requester.peerId(), new byte[] {1, 2, 3}))) {
      assertThatThrownBy(() -> forged.get(10, TimeUnit.SECONDS)).isNotNull();
    }
    List<LedgerEntry> entries = ledger.entries(1, 10);
    assertThat(entries).hasSize(3);
    Offered offered = Offered.parse(entries.get(0).payload());
    assertThat(entries.get(0).actor()).isEqualTo(requester.peerId());
    assertThat(offered.claim()).isEqualTo(half.body().claim());
    assertThat(offered.model()).isEqualTo(FakeOllama.MODEL);
  }

  @Test
  void close_endsWhatRuns() {
    Recorded recorded = new Recorded();
    assign(claim(FakeOllama.ENDLESS), FakeOllama.ENDLESS, recorded);
    await().until(() -> !recorded.chunks.isEmpty());
    worker.close();
    await().until(() -> ollama.chatting() == 0);
  }
}
