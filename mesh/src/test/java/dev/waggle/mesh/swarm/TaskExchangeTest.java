package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.HeldClaim;
import dev.waggle.mesh.swarm.exchange.JobPart;
import dev.waggle.mesh.swarm.exchange.KeepId;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.OfferOutcome;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.exchange.Progress;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.ResultListener;
import dev.waggle.mesh.swarm.exchange.ResultSink;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TaskExchangeTest {
  private static final TaskSpec.Chat CHAT =
      new TaskSpec.Chat(
          TestNode.MODEL,
          List.of(new ChatMessage(ChatMessage.Role.USER, "How do bees dance? 🐝")),
          Sampling.DEFAULT);
  private static final TaskResult DONE =
      new TaskResult(
          new Outcome.Done(Outcome.FinishReason.STOP),
          new Usage(3, 4, Duration.ZERO, Duration.ofMillis(5), Duration.ofMillis(6)),
          new byte[] {1, 2, 3});

  private TestNode requester;
  private TestNode worker;

  @BeforeEach
  void makeSwarm() throws Exception {
    worker = new TestNode("worker");
    requester = new TestNode("requester");
    worker.admit(requester, "requester");
    await().until(() -> requester.isConnectedWith(worker));
  }

  @AfterEach
  void close() {
    requester.close();
    worker.close();
  }

  private static final class Recording implements ResultListener {
    final List<Chunk> chunks = new CopyOnWriteArrayList<>();
    final CompletableFuture<TaskResult> result = new CompletableFuture<>();
    volatile CompletableFuture<Void> taken = CompletableFuture.completedFuture(null);

    @Override
    public void onBeat(Progress progress) {
      // Beats decide nothing here.
    }

    @Override
    public CompletableFuture<Void> onChunk(Chunk chunk) {
      chunks.add(chunk);
      return taken;
    }

    @Override
    public void onResult(TaskResult end) {
      result.complete(end);
    }

    @Override
    public void onLost(IOException cause) {
      result.completeExceptionally(cause);
    }
  }

  private OfferOutcome offer() throws Exception {
    Offer offer =
        new Offer(
            TaskId.at(Instant.now()),
            new Requirements(TestNode.MODEL),
            1_024,
            Duration.ofSeconds(60),
            Priority.NORMAL);
    return requester.swarm.exchange().offer(worker.id(), offer).get(10, TimeUnit.SECONDS);
  }

  private HeldClaim claim() throws Exception {
    return ((OfferOutcome.Claimed) offer()).claim();
  }

  @Test
  void taskThatIsAnotherThanWasOffered_isNotRun() throws Exception {
    worker.server.work = (assignment, sink) -> sink.finish(DONE);
    Recording heard = new Recording();
    claim().assign(new TaskSpec.Chat("other:1b", CHAT.messages(), CHAT.sampling()), heard);
    assertThatThrownBy(() -> heard.result.get(10, TimeUnit.SECONDS))
        .hasMessageContaining("broke off");
  }

  @Test
  void requesterWithTooManyFaults_isDeclined_untilTimeHasPassed() throws Exception {
    for (int i = 0; i < 2; i++) {
      worker.conduct.observe(requester.id(), Fault.FALSE_RECEIPT);
    }
    OfferReply.Declined declined = ((OfferOutcome.Declined) offer()).reply();
    assertThat(declined.reason()).isEqualTo(OfferReply.Reason.MISCONDUCT);
    assertThat(declined.retryAfter()).isBetween(Duration.ofMinutes(10), Duration.ofMinutes(20));
    worker.conduct.forgive(requester.id());
    assertThat(offer()).isInstanceOf(OfferOutcome.Claimed.class);
  }

  @Test
  void untrueReceipt_isAFault_andADiskThatFailsIsNone() throws Exception {
    worker.server.settlement = CompletableFuture.failedFuture(new IOException("the disk is full"));
    CompletableFuture<Void> full = requester.swarm.exchange().settle(worker.id(), new byte[1]);
    assertThatThrownBy(() -> full.get(10, TimeUnit.SECONDS)).hasMessageContaining("refused");
    assertThat(worker.faults).isEmpty();
    worker.server.settlement =
        CompletableFuture.failedFuture(new MalformedFrameException("not signed"));
    CompletableFuture<Void> untrue = requester.swarm.exchange().settle(worker.id(), new byte[1]);
    assertThatThrownBy(() -> untrue.get(10, TimeUnit.SECONDS)).hasMessageContaining("refused");
    assertThat(worker.faults)
        .extracting(Conduct.Observed::fault)
        .containsExactly(Fault.FALSE_RECEIPT);
  }

  @Test
  void task_acceptedAndRun_comesBackInOrderWithItsResult() throws Exception {
    worker.server.work =
        (assignment, sink) -> {
          sink.chunk(new Chunk.Thinking("hm"));
          sink.chunk(new Chunk.Text("In "));
          sink.chunk(new Chunk.Text("circles"));
          sink.finish(DONE);
        };
    Recording heard = new Recording();
    byte[] hash = claim().assign(CHAT, heard);
    TaskResult result = heard.result.get(10, TimeUnit.SECONDS);

    assertThat(heard.chunks)
        .containsExactly(
            new Chunk.Thinking("hm"), new Chunk.Text("In "), new Chunk.Text("circles"));
    assertThat(result.outcome()).isEqualTo(DONE.outcome());
    assertThat(result.usage()).isEqualTo(DONE.usage());
    assertThat(result.receipt()).isEqualTo(DONE.receipt());
    Assignment assignment = worker.server.assignments.get(0);
    assertThat(assignment.spec()).isEqualTo(CHAT);
    assertThat(assignment.requester()).isEqualTo(requester.id());
    assertThat(assignment.envelopeHash()).isEqualTo(hash);
    assertThat(worker.server.canceled).isEmpty();
  }

  @Test
  void offer_showsModelAndSizeButNoPrompt() throws Exception {
    claim().cancel();
    Offer seen = worker.server.offers.get(0);
    assertThat(seen.requirements().model()).isEqualTo(TestNode.MODEL);
    assertThat(seen.toString()).doesNotContain("bees");
  }

  @Test
  void offer_ofAClockThatIsFarOff_isRefused_andTheDifferenceNamed() {
    requester.clock.move(Duration.ofMinutes(7));
    assertThatThrownBy(this::offer)
        .hasMessageContaining("this machine's clock is 7 min ahead of the peer's");
    assertThat(worker.server.offers).isEmpty();
  }

  @Test
  void offer_declined_saysWhyAndWhenToComeBack() throws Exception {
    worker.server.answer =
        offer -> new OfferReply.Declined(OfferReply.Reason.BUSY, Duration.ofSeconds(7));
    OfferOutcome outcome = offer();
    assertThat(outcome).isInstanceOf(OfferOutcome.Declined.class);
    assertThat(((OfferOutcome.Declined) outcome).reply())
        .isEqualTo(new OfferReply.Declined(OfferReply.Reason.BUSY, Duration.ofSeconds(7)));
  }

  @Test
  void claim_canceledBeforeAssignment_freesThePlace() throws Exception {
    HeldClaim claim = claim();
    claim.cancel();
    await().until(() -> worker.server.canceled.contains(claim.acceptance().claim()));
  }

  @Test
  void claim_canceledWhileRunning_stopsTheWorker_andTheListenerHearsNothing() throws Exception {
    CompletableFuture<ResultSink> running = new CompletableFuture<>();
    worker.server.work = (assignment, sink) -> running.complete(sink);
    Recording heard = new Recording();
    HeldClaim claim = claim();
    claim.assign(CHAT, heard);
    ResultSink sink = running.get(10, TimeUnit.SECONDS);
    claim.cancel();
    await().until(() -> worker.server.canceled.contains(claim.acceptance().claim()));
    assertThatThrownBy(() -> sink.chunk(new Chunk.Text("late")).get(10, TimeUnit.SECONDS))
        .hasMessageContaining("the requester is gone");
    assertThat(heard.result).isNotDone();
    assertThat(heard.chunks).isEmpty();
  }

  @Test
  void workerThatDies_isALoss() throws Exception {
    CompletableFuture<ResultSink> running = new CompletableFuture<>();
    worker.server.work = (assignment, sink) -> running.complete(sink);
    Recording heard = new Recording();
    claim().assign(CHAT, heard);
    running.get(10, TimeUnit.SECONDS);
    worker.swarm.disconnect(requester.id());
    assertThatThrownBy(() -> heard.result.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void requesterThatDies_isLost_whichIsNoCancellation() throws Exception {
    Optional<JobPart> part =
        Optional.of(new JobPart("a1", new KeepId("0123456789abcdef".repeat(2))));
    HeldClaim dying = claim();
    dying.assign(CHAT, part, new Recording());
    HeldClaim leaving = claim();
    leaving.assign(CHAT, new Recording());
    await().until(() -> worker.server.assignments.size() == 2);
    assertThat(worker.server.assignments.get(0).part()).isEqualTo(part);
    assertThat(worker.server.assignments.get(1).part()).isEmpty();
    leaving.leave();
    await().until(() -> worker.server.lost.contains(leaving.acceptance().claim()));
    requester.swarm.disconnect(worker.id());
    await().until(() -> worker.server.lost.contains(dying.acceptance().claim()));
    assertThat(worker.server.canceled).isEmpty();
  }

  @Test
  void slowReader_slowsTheWorkerDown_andLosesNothing() throws Exception {
    String piece = "x".repeat(32 << 10);
    int pieces = 100;
    CompletableFuture<ResultSink> running = new CompletableFuture<>();
    worker.server.work = (assignment, sink) -> running.complete(sink);
    Recording heard = new Recording();
    heard.taken = new CompletableFuture<>();
    claim().assign(CHAT, heard);
    ResultSink sink = running.get(10, TimeUnit.SECONDS);

    CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
    for (int i = 0; i < pieces; i++) {
      all = all.thenCompose(sent -> sink.chunk(new Chunk.Text(piece)));
    }
    CompletableFuture<Void> sent = all.thenRun(() -> sink.finish(DONE));
    await().until(() -> !heard.chunks.isEmpty());
    assertThat(heard.chunks).hasSize(1);
    assertThat(sent).as("3 MiB do not fit into a window that nobody empties").isNotDone();

    CompletableFuture<Void> blocked = heard.taken;
    heard.taken = CompletableFuture.completedFuture(null);
    blocked.complete(null);
    assertThat(heard.result.get(20, TimeUnit.SECONDS).outcome()).isEqualTo(DONE.outcome());
    assertThat(heard.chunks).hasSize(pieces);
  }

  @Test
  void settlement_isAcknowledgedOnceTheWorkerHasIt() throws Exception {
    worker.server.settlement = new CompletableFuture<>();
    CompletableFuture<Void> settled =
        requester.swarm.exchange().settle(worker.id(), new byte[] {9});
    await().until(() -> worker.server.settled.size() == 1);
    assertThat(settled).isNotDone();
    worker.server.settlement.complete(null);
    settled.get(10, TimeUnit.SECONDS);
    assertThat(worker.server.settled.get(0)).containsExactly(9);
  }

  @Test
  void settlement_refused_fails() {
    worker.server.settlement = CompletableFuture.failedFuture(new IOException("no"));
    assertThatThrownBy(
            () ->
                requester
                    .swarm
                    .exchange()
                    .settle(worker.id(), new byte[] {9})
                    .get(10, TimeUnit.SECONDS))
        .hasMessageContaining("refused the receipt");
  }

  @Test
  void offerToSelf_takesTheSamePathWithoutTheNetwork() throws Exception {
    requester.server.work =
        (assignment, sink) -> {
          sink.chunk(new Chunk.Text("here"));
          sink.finish(DONE);
        };
    Offer offer =
        new Offer(
            TaskId.at(Instant.now()),
            new Requirements(TestNode.MODEL),
            1_024,
            Duration.ofSeconds(60),
            Priority.NORMAL);
    OfferOutcome outcome =
        requester.swarm.exchange().offer(requester.id(), offer).get(10, TimeUnit.SECONDS);
    Recording heard = new Recording();
    ((OfferOutcome.Claimed) outcome).claim().assign(CHAT, heard);
    assertThat(heard.result.get(1, TimeUnit.SECONDS).outcome()).isEqualTo(DONE.outcome());
    assertThat(heard.chunks).containsExactly(new Chunk.Text("here"));
    assertThat(worker.server.offers).isEmpty();
  }
}
