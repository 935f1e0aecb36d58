package dev.waggle.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Speed;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Continuation;
import dev.waggle.mesh.swarm.exchange.OfferReply;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TaskMachineTest {
  private static final String DIGEST = "sha256:00";
  private static final ModelOffer MODEL = new ModelOffer("m", DIGEST, "ollama", 1, 0, true);
  private static final TaskSpec TASK =
      new TaskSpec.Chat(
          "m", List.of(new ChatMessage(ChatMessage.Role.USER, "hi")), Sampling.DEFAULT);
  private static final Forecast AT_ONCE = new Forecast(Duration.ZERO, Duration.ZERO);
  private static final Candidate FIRST = candidate(1, "first");
  private static final Candidate SECOND = candidate(2, "second");
  private static final Chunk HELLO = new Chunk.Text("hello");
  private static final TaskResult DONE =
      new TaskResult(new Outcome.Done(Outcome.FinishReason.STOP), Usage.NONE, new byte[] {1});

  private final TaskMachine machine = new TaskMachine(TASK, List.of(FIRST, SECOND), false);

  private static Candidate candidate(int seed, String name) {
    byte[] bytes = new byte[Identity.SEED_BYTES];
    bytes[0] = (byte) seed;
    return new Candidate(Identity.ofSeed(bytes).peerId(), name, MODEL, AT_ONCE);
  }

  private static TaskResult failed(Outcome.Failure failure) {
    return new TaskResult(new Outcome.Failed(failure, "boom"), Usage.NONE, new byte[0]);
  }

  private static OfferReply.Declined declined(OfferReply.Reason reason, int seconds) {
    return new OfferReply.Declined(reason, Duration.ofSeconds(seconds));
  }

  @Test
  void noCandidates_isRefused() {
    assertThatThrownBy(() -> new TaskMachine(TASK, List.of(), false))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void answer_isStartedToldRecordedAndDone_inThatOrder() {
    assertThat(machine.start()).containsExactly(new Effect.SendOffer(1, FIRST));
    assertThat(machine.onAccepted(1, DIGEST)).containsExactly(new Effect.AssignTask(1, TASK));
    assertThat(machine.onChunk(1, HELLO))
        .containsExactly(new Effect.TellStarted(1, FIRST), new Effect.TellChunk(HELLO));
    assertThat(machine.onChunk(1, HELLO)).containsExactly(new Effect.TellChunk(HELLO));
    assertThat(machine.onResult(1, DONE)).containsExactly(new Effect.RecordReceipt(1, FIRST, DONE));
    assertThat(machine.onRecorded(1, DONE))
        .containsExactly(
            new Effect.TellDone(
                1,
                FIRST,
                Outcome.FinishReason.STOP,
                new Usage(0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO)));
    assertThat(machine.onCanceled()).isEmpty();
  }

  @Test
  void emptyAnswer_isStartedBeforeItIsRecorded() {
    machine.start();
    machine.onAccepted(1, DIGEST);
    assertThat(machine.onResult(1, DONE))
        .containsExactly(
            new Effect.TellStarted(1, FIRST), new Effect.RecordReceipt(1, FIRST, DONE));
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
    machine.onAccepted(1, DIGEST);
    assertThat(machine.onLost(1, "gone"))
        .containsExactly(
            new Effect.RecordAttempt(1, FIRST, "gone"), new Effect.SendOffer(2, SECOND));
  }

  @Test
  void lostAfterTheFirstChunk_isAnHonestFailure() {
    machine.start();
    machine.onAccepted(1, DIGEST);
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
    machine.onAccepted(1, DIGEST);
    assertThat(machine.onResult(1, failed(Outcome.Failure.ENGINE)))
        .contains(new Effect.SendOffer(2, SECOND));
    machine.onAccepted(2, DIGEST);
    assertThat(machine.onResult(2, failed(Outcome.Failure.BAD_REQUEST)))
        .containsExactly(new Effect.TellFailed(new TaskFailure.BadRequest("boom")));
  }

  @Test
  void eventsOfAnEarlierAttempt_changeNothing() {
    machine.start();
    machine.onAccepted(1, DIGEST);
    machine.onLost(1, "gone");
    assertThat(machine.onChunk(1, HELLO)).isEmpty();
    assertThat(machine.onResult(1, DONE)).isEmpty();
    assertThat(machine.onLost(1, "gone again")).isEmpty();
    assertThat(machine.onAccepted(1, DIGEST)).containsExactly(new Effect.GiveUp(1));
    assertThat(machine.onAccepted(2, DIGEST)).containsExactly(new Effect.AssignTask(2, TASK));
  }

  @Test
  void overdueFirstChunk_givesUpAndOffersTheNext_butNotOnceTheAnswerBegan() {
    machine.start();
    machine.onAccepted(1, DIGEST);
    List<Effect> effects = machine.onFirstChunkOverdue(1, Duration.ofSeconds(9));
    assertThat(effects).startsWith(new Effect.GiveUp(1)).contains(new Effect.SendOffer(2, SECOND));
    machine.onAccepted(2, DIGEST);
    machine.onChunk(2, HELLO);
    assertThat(machine.onFirstChunkOverdue(2, Duration.ofSeconds(9))).isEmpty();
  }

  @Test
  void cancel_givesTheClaimUp_onceOnly_andNothingFollows() {
    machine.start();
    machine.onAccepted(1, DIGEST);
    assertThat(machine.onCanceled()).containsExactly(new Effect.GiveUp(1));
    assertThat(machine.onCanceled()).isEmpty();
    assertThat(machine.onChunk(1, HELLO)).isEmpty();
    assertThat(machine.onResult(1, DONE)).isEmpty();
  }

  @Test
  void ledgerFailure_isReported_andNoDoneFollows() {
    machine.start();
    machine.onAccepted(1, DIGEST);
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
    machine.onAccepted(1, DIGEST);
    machine.onResult(1, DONE);
    assertThat(machine.onReceiptInvalid(1, "wrong task"))
        .hasSize(2)
        .startsWith(new Effect.RecordAttempt(1, FIRST, "wrong task"));
    assertThat(machine.onRecorded(1, DONE)).isEmpty();
  }

  // ---- going on elsewhere

  private static final ModelOffer RESUMABLE = MODEL.measured(true, Speed.UNKNOWN);
  private static final Candidate THIRD = resumable(3, "third");
  private static final Candidate FOURTH = resumable(4, "fourth");

  private static Candidate resumable(int seed, String name) {
    return new Candidate(candidate(seed, name).worker(), name, RESUMABLE, AT_ONCE);
  }

  private static Sampling most(int tokens) {
    return Sampling.DEFAULT.withMaxTokens(tokens);
  }

  private static TaskSpec.Chat chat(Sampling sampling, ChatOptions options) {
    return new TaskSpec.Chat(
        "m",
        Set.of(),
        List.of(new ChatMessage(ChatMessage.Role.USER, "hi")),
        sampling,
        options,
        Optional.empty());
  }

  @Test
  void brokenAnswer_goesOnWithAnotherWorker_withWhatIsLeftOfItsBudget() {
    TaskSpec.Chat task = chat(most(10), ChatOptions.NONE);
    TaskMachine going = new TaskMachine(task, List.of(THIRD, SECOND, FOURTH), false);
    going.start();
    going.onAccepted(1, DIGEST);
    going.onChunk(1, new Chunk.Thinking("hm"));
    going.onChunk(1, new Chunk.Text("one"));
    going.onChunk(1, new Chunk.Text(" two"));
    assertThat(going.onLost(1, "gone"))
        .as("the second has no probed engine")
        .containsExactly(
            new Effect.RecordAttempt(1, THIRD, "gone"), new Effect.SendOffer(2, FOURTH));
    TaskSpec rest = task.after(new Continuation("hm", "one two"), most(7));
    assertThat(going.onAccepted(2, DIGEST)).containsExactly(new Effect.AssignTask(2, rest));
    assertThat(going.onChunk(1, HELLO)).as("of the first").isEmpty();
    assertThat(going.onChunk(2, HELLO))
        .containsExactly(new Effect.TellResumed(2, FOURTH), new Effect.TellChunk(HELLO));
    TaskResult done =
        new TaskResult(
            new Outcome.Done(Outcome.FinishReason.STOP),
            new Usage(14, 1, Duration.ZERO, Duration.ZERO, Duration.ZERO),
            new byte[] {1});
    assertThat(going.onResult(2, done)).containsExactly(new Effect.RecordReceipt(2, FOURTH, done));
    assertThat(going.onRecorded(2, done))
        .containsExactly(
            new Effect.TellDone(
                2,
                FOURTH,
                Outcome.FinishReason.STOP,
                new Usage(11, 4, Duration.ZERO, Duration.ZERO, Duration.ZERO)));
  }

  @Test
  void stalledAnswer_isGivenUpAndGoesOn() {
    TaskMachine going = new TaskMachine(TASK, List.of(THIRD, FOURTH), false);
    going.start();
    going.onAccepted(1, DIGEST);
    assertThat(going.onStalled(1, Duration.ofSeconds(8))).as("not begun").isEmpty();
    going.onChunk(1, HELLO);
    assertThat(going.onStalled(1, Duration.ofSeconds(8)))
        .startsWith(new Effect.GiveUp(1))
        .endsWith(new Effect.SendOffer(2, FOURTH));
  }

  @Test
  void answerWithoutBudgetLeft_isComplete() {
    TaskMachine going =
        new TaskMachine(chat(most(1), ChatOptions.NONE), List.of(THIRD, FOURTH), false);
    going.start();
    going.onAccepted(1, DIGEST);
    going.onChunk(1, HELLO);
    assertThat(going.onLost(1, "gone"))
        .contains(
            new Effect.TellDone(
                1,
                THIRD,
                Outcome.FinishReason.LENGTH,
                new Usage(0, 1, Duration.ZERO, Duration.ZERO, Duration.ZERO)));
  }

  @Test
  void structuredAnswer_isNotContinued_andSaysWhy() {
    ChatOptions json =
        new ChatOptions(
            List.of(), ChatOptions.AUTO, Optional.of(ChatOptions.ANY_JSON), Optional.empty());
    TaskMachine going =
        new TaskMachine(chat(Sampling.DEFAULT, json), List.of(THIRD, FOURTH), false);
    going.start();
    going.onAccepted(1, DIGEST);
    going.onChunk(1, HELLO);
    assertThat(failure(going.onLost(1, "gone")).message())
        .contains("broke off")
        .contains("not one that another worker can continue");
  }

  @Test
  void answerThatNobodySaw_beginsAnew_whereItCannotGoOn() {
    TaskMachine whole = new TaskMachine(TASK, List.of(FIRST, SECOND), true);
    whole.start();
    whole.onAccepted(1, DIGEST);
    whole.onChunk(1, HELLO);
    assertThat(whole.onLost(1, "gone"))
        .containsExactly(
            new Effect.RecordAttempt(1, FIRST, "gone"),
            new Effect.TellRestarted(),
            new Effect.SendOffer(2, SECOND));
    assertThat(whole.onAccepted(2, "sha256:ff")).containsExactly(new Effect.AssignTask(2, TASK));
    assertThat(whole.onChunk(2, HELLO))
        .containsExactly(new Effect.TellStarted(2, SECOND), new Effect.TellChunk(HELLO));
  }

  @Test
  void anotherModelUnderTheName_doesNotGoOn() {
    TaskMachine going = new TaskMachine(TASK, List.of(THIRD, FOURTH), false);
    going.start();
    going.onAccepted(1, DIGEST);
    going.onChunk(1, HELLO);
    going.onLost(1, "gone");
    List<Effect> effects = going.onAccepted(2, "sha256:ff");
    assertThat(effects).startsWith(new Effect.GiveUp(2));
    assertThat(failure(effects).message()).contains("another model under that name");
  }

  @Test
  void brokenEngine_getsASecondChanceWithItsOwnAnswer_butNoThird() {
    TaskMachine going = new TaskMachine(TASK, List.of(THIRD), false);
    going.start();
    going.onAccepted(1, DIGEST);
    going.onChunk(1, HELLO);
    assertThat(going.onResult(1, failed(Outcome.Failure.ENGINE)))
        .endsWith(new Effect.SendOffer(2, THIRD));
    going.onAccepted(2, DIGEST);
    going.onChunk(2, HELLO);
    assertThat(failure(going.onResult(2, failed(Outcome.Failure.ENGINE))).message())
        .contains("broke off");
  }

  @Test
  void lateFirst_getsASecondBesideIt_andTheOneThatBeginsFirstAnswers() {
    machine.start();
    machine.onAccepted(1, DIGEST);
    assertThat(machine.onLate(1)).containsExactly(new Effect.SendOffer(2, SECOND));
    assertThat(machine.onLate(1)).as("once only").isEmpty();
    machine.onAccepted(2, DIGEST);
    assertThat(machine.onChunk(2, HELLO))
        .containsExactly(
            new Effect.GiveUp(1), new Effect.TellStarted(2, SECOND), new Effect.TellChunk(HELLO));
    assertThat(machine.onChunk(1, HELLO)).isEmpty();
    assertThat(machine.onLost(1, "gone")).isEmpty();
  }

  @Test
  void loserOfTheRace_goesOnWithAnAnswerThatBreaksOff() {
    TaskMachine going = new TaskMachine(TASK, List.of(THIRD, FOURTH), false);
    going.start();
    going.onAccepted(1, DIGEST);
    going.onLate(1);
    going.onAccepted(2, DIGEST);
    going.onChunk(1, HELLO);
    assertThat(going.onLost(1, "gone")).endsWith(new Effect.SendOffer(3, FOURTH));
  }

  @Test
  void hedgeThatFails_leavesTheFirstAlone() {
    machine.start();
    machine.onAccepted(1, DIGEST);
    machine.onLate(1);
    assertThat(machine.onUnreachable(2, "refused")).isEmpty();
    assertThat(machine.onChunk(1, HELLO))
        .containsExactly(new Effect.TellStarted(1, FIRST), new Effect.TellChunk(HELLO));
  }

  @Test
  void secondThatWouldWait_isNoHelp_andMayBeAskedLater() {
    machine.start();
    assertThat(machine.onQueued(1, DIGEST)).containsExactly(new Effect.AssignTask(1, TASK));
    machine.onLate(1);
    assertThat(machine.onQueued(2, DIGEST)).containsExactly(new Effect.GiveUp(2));
    assertThat(machine.onLost(1, "gone")).contains(new Effect.SendOffer(3, SECOND));
  }

  @Test
  void cancelWhileTwoTry_givesBothUp() {
    machine.start();
    machine.onAccepted(1, DIGEST);
    machine.onLate(1);
    assertThat(machine.onCanceled()).containsExactly(new Effect.GiveUp(1), new Effect.GiveUp(2));
  }

  @Test
  void deadline_endsTheTask_unlessItsReceiptIsBeingWritten() {
    machine.start();
    machine.onAccepted(1, DIGEST);
    List<Effect> effects = machine.onDeadline(Duration.ofMillis(900));
    assertThat(effects).startsWith(new Effect.GiveUp(1));
    assertThat(failure(effects)).isInstanceOf(TaskFailure.Late.class);
    assertThat(failure(effects).message()).contains("900 ms");
    TaskMachine done = new TaskMachine(TASK, List.of(FIRST), false);
    done.start();
    done.onAccepted(1, DIGEST);
    done.onResult(1, DONE);
    assertThat(done.onDeadline(Duration.ofMillis(900))).isEmpty();
  }

  private static TaskFailure failure(List<Effect> effects) {
    return ((Effect.TellFailed) effects.get(effects.size() - 1)).failure();
  }
}
