package dev.waggle.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class TaskMachineTest {
  private static final ModelOffer MODEL = new ModelOffer("m", "sha256:00", "ollama", 1, 0, true);
  private static final Candidate FIRST = candidate(1, "first");
  private static final Candidate SECOND = candidate(2, "second");
  private static final Chunk HELLO = new Chunk.Text("hello");
  private static final TaskResult DONE =
      new TaskResult(new Outcome.Done(Outcome.FinishReason.STOP), Usage.NONE, new byte[] {1});

  private final TaskMachine machine = new TaskMachine("m", List.of(FIRST, SECOND));

  private static Candidate candidate(int seed, String name) {
    byte[] bytes = new byte[Identity.SEED_BYTES];
    bytes[0] = (byte) seed;
    return new Candidate(Identity.ofSeed(bytes).peerId(), name, MODEL);
  }

  private static TaskResult failed(Outcome.Failure failure) {
    return new TaskResult(new Outcome.Failed(failure, "boom"), Usage.NONE, new byte[0]);
  }

  private static OfferReply.Declined declined(OfferReply.Reason reason, int seconds) {
    return new OfferReply.Declined(reason, Duration.ofSeconds(seconds));
  }

  @Test
  void noCandidates_isRefused() {
    assertThatThrownBy(() -> new TaskMachine("m", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void answer_isStartedToldRecordedAndDone_inThatOrder() {
    assertThat(machine.start()).containsExactly(new Effect.SendOffer(1, FIRST));
    assertThat(machine.onAccepted(1)).containsExactly(new Effect.AssignTask(1));
    assertThat(machine.onChunk(1, HELLO))
        .containsExactly(new Effect.TellStarted(FIRST), new Effect.TellChunk(HELLO));
    assertThat(machine.onChunk(1, HELLO)).containsExactly(new Effect.TellChunk(HELLO));
    assertThat(machine.onResult(1, DONE)).containsExactly(new Effect.RecordReceipt(1, FIRST, DONE));
    assertThat(machine.onRecorded(1, DONE)).containsExactly(new Effect.TellDone(FIRST, DONE));
    assertThat(machine.onCanceled()).isEmpty();
  }

  @Test
  void emptyAnswer_isStartedBeforeItIsRecorded() {
    machine.start();
    machine.onAccepted(1);
    assertThat(machine.onResult(1, DONE))
        .containsExactly(new Effect.TellStarted(FIRST), new Effect.RecordReceipt(1, FIRST, DONE));
  }

  @Test
  void decline_offersTheNext() {
    machine.start();
    assertThat(machine.onDeclined(1, declined(OfferReply.Reason.BUSY, 3)))
        .containsExactly(new Effect.SendOffer(2, SECOND));
  }

  @Test
  void allDeclinedBusy_isOverloadWithTheShortestWait() {
    machine.start();
    machine.onDeclined(1, declined(OfferReply.Reason.BUSY, 3));
    List<Effect> effects = machine.onDeclined(2, declined(OfferReply.Reason.BUSY, 2));
    assertThat(effects).hasSize(1);
    TaskFailure failure = ((Effect.TellFailed) effects.get(0)).failure();
    assertThat(failure)
        .isInstanceOfSatisfying(
            TaskFailure.Overloaded.class,
            overloaded -> assertThat(overloaded.retryAfter()).isEqualTo(Duration.ofSeconds(2)));
    assertThat(failure.message()).contains("first").contains("second").contains("full");
  }

  @Test
  void unreachableEverywhere_isAFailureThatNamesEach() {
    machine.start();
    machine.onUnreachable(1, "connection refused");
    assertThat(machine.onUnreachable(2, "timed out"))
        .singleElement()
        .isInstanceOfSatisfying(
            Effect.TellFailed.class,
            told ->
                assertThat(told.failure())
                    .isInstanceOf(TaskFailure.Failed.class)
                    .extracting(TaskFailure::message)
                    .asString()
                    .contains("first could not be reached: connection refused")
                    .contains("second could not be reached: timed out"));
  }

  @Test
  void lostBeforeTheFirstChunk_isRetriedUnseen() {
    machine.start();
    machine.onAccepted(1);
    assertThat(machine.onLost(1, "gone"))
        .containsExactly(
            new Effect.RecordAttempt(1, FIRST, "gone"), new Effect.SendOffer(2, SECOND));
  }

  @Test
  void lostAfterTheFirstChunk_isAnHonestFailure() {
    machine.start();
    machine.onAccepted(1);
    machine.onChunk(1, HELLO);
    List<Effect> effects = machine.onLost(1, "gone");
    assertThat(effects.get(0)).isEqualTo(new Effect.RecordAttempt(1, FIRST, "gone"));
    assertThat(((Effect.TellFailed) effects.get(1)).failure().message())
        .contains("broke off")
        .contains("gone");
  }

  @Test
  void engineFailureBeforeTheFirstChunk_isRetried_butABadRequestIsNot() {
    machine.start();
    machine.onAccepted(1);
    assertThat(machine.onResult(1, failed(Outcome.Failure.ENGINE)))
        .contains(new Effect.SendOffer(2, SECOND));
    machine.onAccepted(2);
    assertThat(machine.onResult(2, failed(Outcome.Failure.BAD_REQUEST)))
        .containsExactly(new Effect.TellFailed(new TaskFailure.BadRequest("boom")));
  }

  @Test
  void eventsOfAnEarlierAttempt_changeNothing() {
    machine.start();
    machine.onAccepted(1);
    machine.onLost(1, "gone");
    assertThat(machine.onChunk(1, HELLO)).isEmpty();
    assertThat(machine.onResult(1, DONE)).isEmpty();
    assertThat(machine.onLost(1, "gone again")).isEmpty();
    assertThat(machine.onAccepted(1)).containsExactly(new Effect.GiveUp(1));
    assertThat(machine.onAccepted(2)).containsExactly(new Effect.AssignTask(2));
  }

  @Test
  void overdueFirstChunk_givesUpAndOffersTheNext_butNotOnceTheAnswerBegan() {
    machine.start();
    machine.onAccepted(1);
    List<Effect> effects = machine.onFirstChunkOverdue(1, Duration.ofSeconds(9));
    assertThat(effects).startsWith(new Effect.GiveUp(1)).contains(new Effect.SendOffer(2, SECOND));
    machine.onAccepted(2);
    machine.onChunk(2, HELLO);
    assertThat(machine.onFirstChunkOverdue(2, Duration.ofSeconds(9))).isEmpty();
  }

  @Test
  void cancel_givesTheClaimUp_onceOnly_andNothingFollows() {
    machine.start();
    machine.onAccepted(1);
    assertThat(machine.onCanceled()).containsExactly(new Effect.GiveUp(1));
    assertThat(machine.onCanceled()).isEmpty();
    assertThat(machine.onChunk(1, HELLO)).isEmpty();
    assertThat(machine.onResult(1, DONE)).isEmpty();
  }

  @Test
  void ledgerFailure_isReported_andNoDoneFollows() {
    machine.start();
    machine.onAccepted(1);
    machine.onResult(1, DONE);
    assertThat(machine.onLedgerFailed(1, "disk full"))
        .singleElement()
        .isInstanceOfSatisfying(
            Effect.TellFailed.class,
            told -> assertThat(told.failure()).isInstanceOf(TaskFailure.LedgerUnavailable.class));
    assertThat(machine.onRecorded(1, DONE)).isEmpty();
  }

  @Test
  void invalidReceipt_isAFailureAndNeverDone() {
    machine.start();
    machine.onAccepted(1);
    machine.onResult(1, DONE);
    assertThat(machine.onReceiptInvalid(1, "wrong task"))
        .hasSize(2)
        .startsWith(new Effect.RecordAttempt(1, FIRST, "wrong task"));
    assertThat(machine.onRecorded(1, DONE)).isEmpty();
  }
}
