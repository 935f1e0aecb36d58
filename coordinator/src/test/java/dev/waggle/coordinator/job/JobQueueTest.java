package dev.waggle.coordinator.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.coordinator.Keeping;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of the queue, on a real database that is closed and opened again. */
class JobQueueTest {
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final String ANNA = "anna";
  private static final String BEN = "ben";

  private @TempDir Path directory;
  private final TravellingClock clock = new TravellingClock();
  private JobQueue queue;

  @BeforeEach
  void open() throws Exception {
    queue = JobQueue.open(directory.resolve("jobs.mv.db"), clock);
  }

  @AfterEach
  void close() {
    queue.close();
  }

  private void reopen() throws Exception {
    close();
    open();
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private static JobWork script(String source) {
    return new JobWork.Ask(new TaskSpec.Code(Language.SHELL, source));
  }

  private static TaskDraft task(String name, Integer... after) {
    return new TaskDraft(name, List.of(after), script(name), 3, 1);
  }

  private static JobDraft job(TaskDraft... tasks) {
    return new JobDraft(JobKind.RUN, List.of(tasks));
  }

  private static JobDraft job(String key, Priority priority, TaskDraft... tasks) {
    return new JobDraft(JobKind.RUN, "", key, priority, Optional.empty(), List.of(tasks));
  }

  private Claim claim() throws Exception {
    return get(queue.claim("w", need -> true, LEASE)).orElseThrow();
  }

  private Optional<Claim> nothing() throws Exception {
    return get(queue.claim("w", need -> true, LEASE));
  }

  private void done(Claim claim) throws Exception {
    get(queue.settle(claim.proof(), new TaskEnd.Done("{\"stdout\":\"1\"}")));
  }

  private void fail(Claim claim) throws Exception {
    get(queue.settle(claim.proof(), new TaskEnd.Failed("broken", false)));
  }

  private JobSummary summary(JobId job) {
    return queue.job(job).orElseThrow();
  }

  private List<JobTaskState> states(JobId job) {
    return queue.tasks(job, 0, 100).stream().map(JobTask::state).toList();
  }

  private static void assertRefused(JobException.Kind kind, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            JobException.class, refusal -> assertThat(refusal.kind()).isEqualTo(kind));
  }

  @Test
  void job_isDoneWhenItsTasksAre_andItsResultsStay() throws Exception {
    JobId id = get(queue.submit(ANNA, job(task("a"), task("b"))));
    Claim first = claim();
    get(queue.begin(first.proof(), "node", Optional.empty()));
    done(first);
    assertThat(summary(id).state()).isEqualTo(JobState.OPEN);
    done(claim());
    reopen();
    assertThat(summary(id).state()).isEqualTo(JobState.DONE);
    assertThat(summary(id).done()).isEqualTo(2);
    assertThat(queue.tasks(id, 0, 10)).allMatch(each -> each.result().isPresent());
    assertThat(queue.events(id, 0, 100).stream().map(JobEvent::kind))
        .containsExactly(
            JobEvent.Kind.SUBMITTED,
            JobEvent.Kind.STARTED,
            JobEvent.Kind.DONE,
            JobEvent.Kind.DONE,
            JobEvent.Kind.ENDED);
    assertThat(queue.events(id, 3, 100)).hasSize(2);
    assertThat(nothing()).isEmpty();
  }

  @Test
  void sameKey_isTheSameJob_ofOneMember_andAnotherContentIsRefused() throws Exception {
    JobDraft draft = job("k", Priority.NORMAL, task("a"));
    JobId id = get(queue.submit(ANNA, draft));
    assertThat(get(queue.submit(ANNA, draft))).isEqualTo(id);
    assertThat(get(queue.submit(BEN, draft))).isNotEqualTo(id);
    assertRefused(
        JobException.Kind.CONFLICT,
        () -> get(queue.submit(ANNA, job("k", Priority.NORMAL, task("b")))));
    assertThat(queue.jobs(10)).hasSize(2);
  }

  @Test
  void taskThatNeedsOthers_waitsForThem_andReadsWhatTheySaid() throws Exception {
    get(queue.submit(ANNA, job(task("c", 1, 2), task("a"), task("b"))));
    Claim one = claim();
    Claim two = claim();
    assertThat(nothing()).isEmpty();
    done(two);
    assertThat(nothing()).isEmpty();
    done(one);
    Claim last = claim();
    assertThat(last.proof().number()).isZero();
    assertThat(last.inputs().stream().map(Claim.Input::name)).containsExactly("a", "b");
  }

  @Test
  void failure_failsWhatNeedsIt_andRetryDoesBothAgain() throws Exception {
    JobId id =
        get(
            queue.submit(
                ANNA, job(new TaskDraft("a", List.of(), script("a"), 1, 1), task("b", 0))));
    fail(claim());
    assertThat(states(id)).containsExactly(JobTaskState.FAILED, JobTaskState.FAILED);
    assertThat(summary(id).state()).isEqualTo(JobState.FAILED);
    get(queue.retry(id));
    assertThat(states(id)).containsExactly(JobTaskState.READY, JobTaskState.BLOCKED);
    done(claim());
    done(claim());
    assertThat(summary(id).state()).isEqualTo(JobState.DONE);
  }

  @Test
  void circle_isRefused_andNamesWhoIsInIt() {
    assertThatThrownBy(() -> job(task("a", 1), task("b", 0), task("c")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"a\"")
        .hasMessageContaining("\"b\"")
        .hasMessageNotContaining("\"c\"");
    assertThatThrownBy(() -> job(task("a", 7))).hasMessageContaining("not there");
  }

  @Test
  void leaseThatEnded_isAnybodys_andItsProofProvesNothing() throws Exception {
    JobId id = get(queue.submit(ANNA, job(task("a"))));
    Claim slow = claim();
    clock.travel(Duration.ofSeconds(20));
    get(queue.renew(slow.proof(), LEASE));
    clock.travel(Duration.ofSeconds(20));
    get(queue.tidy());
    assertThat(nothing()).as("it was renewed").isEmpty();
    clock.travel(LEASE);
    get(queue.tidy());
    clock.travel(JobBook.backoff(1));
    get(queue.tidy());
    Claim quick = claim();
    assertThat(quick.attempt()).isEqualTo(2);
    assertRefused(JobException.Kind.CONFLICT, () -> done(slow));
    done(quick);
    assertRefused(JobException.Kind.CONFLICT, () -> done(quick));
    assertThat(summary(id).done()).isOne();
  }

  @Test
  void whoHasNoProof_changesNothing() throws Exception {
    get(queue.submit(ANNA, job(task("a"))));
    Claim.Proof mine = claim().proof();
    String forged = (mine.seal().startsWith("0") ? "1" : "0") + mine.seal().substring(1);
    for (Claim.Proof each :
        List.of(
            new Claim.Proof(mine.job(), mine.number(), mine.task(), mine.fence(), forged),
            new Claim.Proof(mine.job(), mine.number(), mine.task(), mine.fence(), ""),
            new Claim.Proof(mine.job(), mine.number(), mine.task(), 2, mine.seal()),
            new Claim.Proof(mine.job(), mine.number(), mine.task() + 1, 1, mine.seal()))) {
      assertRefused(
          JobException.Kind.FORBIDDEN, () -> get(queue.settle(each, new TaskEnd.Done("{}"))));
    }
    assertThat(queue.isHeld(mine)).isTrue();
  }

  @Test
  void failures_areTriedAgainLaterAndLater_untilTheLastAttempt() throws Exception {
    JobId id = get(queue.submit(ANNA, job(task("a"))));
    for (int attempt = 1; attempt < 3; attempt++) {
      fail(claim());
      assertThat(nothing()).isEmpty();
      clock.travel(JobBook.backoff(attempt).minusMillis(1));
      get(queue.tidy());
      assertThat(nothing()).as("too early").isEmpty();
      clock.travel(Duration.ofMillis(1));
      get(queue.tidy());
    }
    fail(claim());
    assertThat(states(id)).containsExactly(JobTaskState.FAILED);
    assertThat(queue.tasks(id, 0, 1).get(0).error()).contains("broken");
    assertThat(JobBook.backoff(20)).isEqualTo(Duration.ofMinutes(1));
  }

  @Test
  void whoBeganWithAnAttempt_isKnownAfterACrash_andForgottenWhenItFailed() throws Exception {
    PeerId worker = Identity.generate(new SecureRandom()).peerId();
    get(queue.submit(ANNA, job(task("a"))));
    Claim first = claim();
    assertThat(first.keeping().earlier()).isEmpty();
    get(queue.begin(first.proof(), "node", Optional.of(worker)));
    clock.travel(Duration.ofSeconds(5));
    get(queue.releaseAll("w"));
    Claim again = claim();
    assertThat(again.keeping().part()).isEqualTo(first.keeping().part());
    assertThat(again.keeping().earlier())
        .contains(new Keeping.Earlier(worker, Duration.ofSeconds(5)));
    fail(again);
    clock.travel(JobBook.backoff(1));
    Claim second = claim();
    assertThat(second.keeping().part()).as("another attempt").isNotEqualTo(first.keeping().part());
    assertThat(second.keeping().earlier()).isEmpty();
  }

  @Test
  void postponing_isNoAttempt() throws Exception {
    get(queue.submit(ANNA, job(task("a"))));
    for (int i = 0; i < 5; i++) {
      get(queue.settle(claim().proof(), new TaskEnd.Postponed(Duration.ofMillis(1))));
      clock.travel(Duration.ofMillis(1));
    }
    assertThat(claim().attempt()).isOne();
  }

  @Test
  void proofOfAnEarlierClaim_neverProvesALaterOne() throws Exception {
    JobId id = get(queue.submit(ANNA, job(task("a"))));
    Claim postponed = claim();
    get(queue.settle(postponed.proof(), new TaskEnd.Postponed(Duration.ZERO)));
    get(queue.tidy());
    Claim later = claim();
    assertThat(later.attempt()).as("it was no attempt").isEqualTo(postponed.attempt());
    assertRefused(JobException.Kind.CONFLICT, () -> done(postponed));
    get(queue.cancel(id));
    get(queue.retry(id));
    Claim again = claim();
    assertRefused(JobException.Kind.CONFLICT, () -> done(later));
    done(again);
  }

  @Test
  void cancel_endsEverything_alsoWhatIsHeld() throws Exception {
    JobId id = get(queue.submit(ANNA, job(task("a"), task("b"), task("c", 0))));
    Claim held = claim();
    get(queue.cancel(id));
    assertThat(queue.isHeld(held.proof())).isFalse();
    assertRefused(JobException.Kind.CONFLICT, () -> done(held));
    assertThat(summary(id).state()).isEqualTo(JobState.CANCELED);
    assertThat(summary(id).canceled()).isEqualTo(3);
    assertThat(nothing()).isEmpty();
    get(queue.cancel(id));
    assertRefused(JobException.Kind.UNKNOWN, () -> get(queue.cancel(JobId.random())));
  }

  @Test
  void deadline_failsWhatIsNotDone() throws Exception {
    Instant end = clock.instant().plusSeconds(10);
    JobId id =
        get(
            queue.submit(
                ANNA,
                new JobDraft(
                    JobKind.RUN,
                    "",
                    "",
                    Priority.NORMAL,
                    Optional.of(end),
                    List.of(task("a"), task("b")))));
    done(claim());
    clock.travel(Duration.ofSeconds(10));
    get(queue.tidy());
    assertThat(states(id)).containsExactly(JobTaskState.DONE, JobTaskState.FAILED);
    assertThat(summary(id).state()).isEqualTo(JobState.FAILED);
  }

  @Test
  void members_shareInTurn_andTheUrgentGoesFirst() throws Exception {
    get(queue.submit(ANNA, job("", Priority.NORMAL, task("a1"), task("a2"), task("a3"))));
    get(queue.submit(ANNA, job("", Priority.HIGH, task("urgent"))));
    get(queue.submit(BEN, job("", Priority.LOW, task("b1"), task("b2"))));
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Claim next = claim();
      String source = ((TaskSpec.Code) ((JobWork.Ask) next.work()).spec()).source();
      order.add(source);
      assertThat(next.priority() == Priority.HIGH).isEqualTo(source.equals("urgent"));
    }
    assertThat(order).containsExactly("urgent", "b1", "a1", "b2", "a2", "a3");
  }

  @Test
  void whatNobodyHereCanDo_isLeft() throws Exception {
    get(queue.submit(ANNA, job(task("a"))));
    assertThat(get(queue.claim("w", "sandbox/python"::equals, LEASE))).isEmpty();
    assertThat(queue.readyNeeds()).containsExactly("sandbox/shell");
    assertThat(get(queue.claim("w", "sandbox/shell"::equals, LEASE))).isPresent();
  }

  @Test
  void questionToAPerson_waits_andGoesOnWithWhatWasKept() throws Exception {
    JobId id = get(queue.submit(ANNA, job(task("a"))));
    Claim asking = claim();
    get(queue.keepStep(asking.proof(), "plan", "p"));
    get(queue.settle(asking.proof(), new TaskEnd.Asks("{\"why\":1}")));
    assertThat(states(id)).containsExactly(JobTaskState.WAITING_APPROVAL);
    reopen();
    assertThat(nothing()).isEmpty();
    get(queue.answer(id, 0, "{\"context\":\"c\"}"));
    assertRefused(JobException.Kind.CONFLICT, () -> get(queue.answer(id, 0, "{}")));
    Claim again = claim();
    assertThat(queue.step(again.proof().task(), "plan")).contains("p");
    assertThat(queue.step(again.proof().task(), "answer-0")).contains("{\"context\":\"c\"}");
  }

  @Test
  void restart_keepsLeases_untilTheHolderSaysThatItHasNone() throws Exception {
    get(queue.submit(ANNA, job(task("a"))));
    Claim before = claim();
    reopen();
    assertThat(queue.isHeld(before.proof())).isTrue();
    assertThat(nothing()).isEmpty();
    get(queue.releaseAll("w"));
    Claim after = claim();
    assertThat(after.attempt()).as("it was no attempt").isOne();
    assertRefused(JobException.Kind.UNKNOWN, () -> get(queue.retry(JobId.random())));
    done(after);
  }

  @Test
  void oldJobs_areForgotten_openOnesAreNot() throws Exception {
    JobId over = get(queue.submit(ANNA, job(task("a"))));
    done(claim());
    JobId open = get(queue.submit(ANNA, job(task("b"))));
    clock.travel(Duration.ofDays(1));
    assertThat(get(queue.forget(clock.instant()))).isOne();
    assertThat(queue.job(over)).isEmpty();
    assertThat(queue.job(open)).isPresent();
    assertThat(queue.events(over, 0, 10)).isEmpty();
  }

  @Test
  void trust_growsByAgreement_andIsGoneWithOneLie() throws Exception {
    get(queue.trust("w", 1));
    get(queue.trust("w", 1));
    assertThat(queue.trustOf("w")).isEqualTo(2);
    get(queue.trust("w", -1));
    assertThat(queue.trustOf("w")).isZero();
  }

  /** Whatever happens in whatever order, every task ends once and the counts are those of tasks. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void anyOrderOfEvents_keepsTheCountsTrue(long seed) throws Exception {
    Random random = new Random(seed);
    List<JobId> jobs = new ArrayList<>();
    List<Claim> claims = new ArrayList<>();
    for (int step = 0; step < 400; step++) {
      switch (random.nextInt(10)) {
        case 0 -> jobs.add(get(queue.submit(random.nextBoolean() ? ANNA : BEN, some(random))));
        case 1, 2, 3 -> nothing().ifPresent(claims::add);
        case 4, 5 -> settle(random, claims, new TaskEnd.Done("{}"));
        case 6 -> settle(random, claims, new TaskEnd.Failed("x", random.nextBoolean()));
        case 7 -> {
          clock.travel(Duration.ofMillis(random.nextInt(40_000)));
          get(queue.tidy());
        }
        case 8 -> {
          if (!jobs.isEmpty() && random.nextInt(4) == 0) {
            get(queue.cancel(jobs.get(random.nextInt(jobs.size()))));
          }
        }
        default -> {
          if (random.nextInt(8) == 0) {
            reopen();
          }
        }
      }
    }
    for (JobId each : jobs) {
      check(each);
    }
  }

  private static JobDraft some(Random random) {
    List<TaskDraft> tasks = new ArrayList<>();
    int count = 1 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      tasks.add(i > 0 && random.nextBoolean() ? task("t" + i, random.nextInt(i)) : task("t" + i));
    }
    return new JobDraft(JobKind.RUN, tasks);
  }

  private void settle(Random random, List<Claim> claims, TaskEnd end) throws Exception {
    if (claims.isEmpty()) {
      return;
    }
    Claim one = claims.remove(random.nextInt(claims.size()));
    boolean held = queue.isHeld(one.proof());
    try {
      get(queue.settle(one.proof(), end));
      assertThat(held).isTrue();
    } catch (ExecutionException | TimeoutException e) {
      assertThat(held).as("only who holds it settles it").isFalse();
    }
  }

  private void check(JobId job) {
    Map<JobTaskState, Integer> counted = new EnumMap<>(JobTaskState.class);
    states(job).forEach(each -> counted.merge(each, 1, Integer::sum));
    JobSummary summary = summary(job);
    assertThat(summary.done()).isEqualTo(counted.getOrDefault(JobTaskState.DONE, 0));
    assertThat(summary.failed()).isEqualTo(counted.getOrDefault(JobTaskState.FAILED, 0));
    assertThat(summary.canceled()).isEqualTo(counted.getOrDefault(JobTaskState.CANCELED, 0));
    boolean over = states(job).stream().allMatch(JobTaskState::isOver);
    assertThat(summary.state().isOver()).isEqualTo(over);
    List<JobEvent> events = queue.events(job, 0, 1_000);
    Map<Integer, Integer> ends = new java.util.HashMap<>();
    for (JobEvent each : events) {
      if (each.kind() == JobEvent.Kind.DONE) {
        ends.merge(each.task().orElseThrow(), 1, Integer::sum);
      }
    }
    assertThat(ends.values()).allMatch(each -> each == 1);
    assertThat(events.get(events.size() - 1).number()).isEqualTo(summary.lastEvent());
  }
}
