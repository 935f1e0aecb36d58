package dev.waggle.coordinator.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job that goes from one node's queue to another's, with either closed in between. */
class JobMovesTest {
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final String ANNA = "anna";
  private static final String SERVER = "server";
  private static final String WHY = "no";

  private @TempDir Path directory;
  private final TravellingClock clock = new TravellingClock();
  private JobQueue laptop;
  private JobQueue server;

  @BeforeEach
  void open() throws Exception {
    laptop = queue("laptop");
    server = queue("server");
  }

  @AfterEach
  void close() {
    laptop.close();
    server.close();
  }

  private JobQueue queue(String name) throws Exception {
    return JobQueue.open(directory.resolve(name + ".mv.db"), clock);
  }

  /** What a kill leaves: only what is on disk. */
  private void restart() throws Exception {
    close();
    open();
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  private static TaskDraft task(String name, Integer... after) {
    return new TaskDraft(
        name,
        List.of(after),
        new JobWork.Ask(new TaskSpec.Code(Language.SHELL, "echo " + name)),
        /* attempts= */ 2,
        /* replicas= */ 1);
  }

  private JobId submit(TaskDraft... tasks) throws Exception {
    Optional<Instant> deadline = Optional.of(clock.instant().plus(Duration.ofHours(1)));
    JobDraft draft =
        new JobDraft(JobKind.RUN, "title", "key", Priority.HIGH, deadline, List.of(tasks));
    return get(laptop.submit(ANNA, draft));
  }

  private static Optional<Claim> next(JobQueue queue) throws Exception {
    return get(queue.claim("w", need -> true, LEASE));
  }

  private static Claim claim(JobQueue queue) throws Exception {
    return next(queue).orElseThrow();
  }

  private static void done(JobQueue queue, Claim claim, String said) throws Exception {
    get(queue.settle(claim.proof(), new TaskEnd.Done("{\"stdout\":\"" + said + "\"}")));
  }

  private static JobState state(JobQueue queue, JobId job) {
    return queue.job(job).orElseThrow().state();
  }

  /** As it goes over the wire. */
  private JobParcel sent(JobId job) throws Exception {
    return ParcelCodec.decode(ParcelCodec.encode(laptop.parcel(job).orElseThrow()));
  }

  private static void assertRefused(JobException.Kind kind, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            JobException.class, refusal -> assertThat(refusal.kind()).isEqualTo(kind));
  }

  @Test
  void jobThatIsHandedOver_goesOnWhereItWas_andEachTaskEndsOnce() throws Exception {
    JobId job = submit(task("a"), task("b"), task("c", 0, 1), task("d"));
    done(laptop, claim(laptop), "A");
    Claim running = claim(laptop);
    get(laptop.begin(running.proof(), "node", Optional.empty()));
    get(laptop.keepStep(running.proof(), "plan", "found"));
    String transfer = get(laptop.freeze(ANNA, job, SERVER));
    assertThat(laptop.isHeld(running.proof())).isFalse();
    assertRefused(JobException.Kind.CONFLICT, () -> done(laptop, running, "late"));
    assertThat(next(laptop)).as("nothing is begun here").isEmpty();

    get(server.take(ANNA, sent(job)));
    get(laptop.leave(job, transfer));
    assertThat(state(laptop, job)).isEqualTo(JobState.HANDED_OVER);
    assertThat(laptop.elsewhere(job)).contains(SERVER);
    JobSummary now = server.job(job).orElseThrow();
    assertThat(now.member()).isEqualTo(ANNA);
    assertThat(now.done()).isEqualTo(1);
    assertThat(now.priority()).isEqualTo(Priority.HIGH);
    assertThat(now.deadline()).isEqualTo(laptop.job(job).orElseThrow().deadline());

    Claim again = claim(server);
    assertThat(again.proof().number()).isEqualTo(1);
    assertThat(again.attempt()).as("what was cut off counts as no attempt").isEqualTo(1);
    assertThat(server.step(again.proof().task(), "plan")).contains("found");
    done(server, again, "B");
    restart();
    for (int left = 0; left < 2; left++) {
      Claim claim = claim(server);
      if (claim.proof().number() == 2) {
        assertThat(claim.inputs()).extracting(Claim.Input::name).containsExactly("a", "b");
        assertThat(claim.inputs().get(0).result()).contains("A");
      }
      done(server, claim, "x");
    }
    assertThat(state(server, job)).isEqualTo(JobState.DONE);
    List<JobEvent> events = server.events(job, 0, 100);
    assertThat(events.stream().filter(each -> each.kind() == JobEvent.Kind.DONE)).hasSize(4);
    assertThat(events).extracting(JobEvent::number).doesNotHaveDuplicates().isSorted();
    assertThat(events).extracting(JobEvent::kind).contains(JobEvent.Kind.HANDED_OVER);
  }

  @Test
  void crashAtEveryPoint_neitherLosesTheJob_norHasItTwice() throws Exception {
    JobId job = submit(task("a"), task("b"));
    String transfer = get(laptop.freeze(ANNA, job, SERVER));
    restart();
    assertThat(laptop.leaving()).containsExactly(job);
    assertThat(next(laptop)).as("still frozen").isEmpty();
    assertThat(get(laptop.freeze(ANNA, job, SERVER))).as("the same").isEqualTo(transfer);
    assertRefused(JobException.Kind.CONFLICT, () -> get(laptop.freeze(ANNA, job, "other")));
    assertRefused(JobException.Kind.CONFLICT, () -> get(laptop.cancel(job)));
    assertRefused(JobException.Kind.CONFLICT, () -> get(laptop.retry(job)));
    get(laptop.forget(clock.instant().plus(Duration.ofDays(100))));
    get(server.take(ANNA, sent(job)));
    restart(); // The answer was lost.
    done(server, claim(server), "A");
    get(server.take(ANNA, sent(job)));
    assertThat(server.job(job).orElseThrow().done()).as("not begun anew").isEqualTo(1);
    assertThat(get(server.withdraw(ANNA, job, transfer))).as("it is there").isTrue();
    get(laptop.leave(job, transfer));
    restart();
    assertThat(laptop.leaving()).isEmpty();
    get(laptop.thaw(job, transfer, WHY));
    assertThat(next(laptop)).as("what was handed over never comes back").isEmpty();
    done(server, claim(server), "B");
    assertThat(next(server)).isEmpty();
    assertThat(state(server, job)).isEqualTo(JobState.DONE);
  }

  @Test
  void jobThatIsTakenBack_goesOnHere_andTheTransferIsVoid() throws Exception {
    JobId job = submit(task("a"), task("b", 0));
    String transfer = get(laptop.freeze(ANNA, job, SERVER));
    JobParcel late = sent(job);
    assertThat(get(server.withdraw(ANNA, job, transfer))).isFalse();
    restart();
    assertRefused(JobException.Kind.CONFLICT, () -> get(server.take(ANNA, late)));
    get(laptop.thaw(job, transfer, WHY));
    assertThat(state(laptop, job)).isEqualTo(JobState.OPEN);
    done(laptop, claim(laptop), "A");
    restart();
    String next = get(laptop.freeze(ANNA, job, SERVER));
    assertThat(next).isNotEqualTo(transfer);
    get(laptop.thaw(job, transfer, "an answer of before"));
    assertThat(state(laptop, job)).isEqualTo(JobState.HANDING_OVER);
    get(server.take(ANNA, sent(job)));
    done(server, claim(server), "B");
    assertThat(state(server, job)).isEqualTo(JobState.DONE);
  }

  @Test
  void jobsOfOthers_orThatAreOver_stay_andNamesAreNotTaken() throws Exception {
    JobId job = submit(task("a"));
    assertRefused(JobException.Kind.FORBIDDEN, () -> get(laptop.freeze("ben", job, SERVER)));
    get(laptop.freeze(ANNA, job, SERVER));
    JobParcel parcel = sent(job);
    get(server.take(ANNA, parcel));
    assertRefused(JobException.Kind.CONFLICT, () -> get(server.take("ben", parcel)));
    assertThat(server.jobsOf("ben", 10)).isEmpty();
    get(server.cancel(job));
    assertRefused(JobException.Kind.CONFLICT, () -> get(server.freeze(ANNA, job, "laptop")));
  }

  @Test
  void hostileParcels_areRefused_orHarmNobodyElse() throws Exception {
    JobId job = submit(task("a"), task("b", 0), task("c"));
    done(laptop, claim(laptop), "A");
    get(laptop.freeze(ANNA, job, SERVER));
    byte[] good = ParcelCodec.encode(laptop.parcel(job).orElseThrow());
    JobId other = get(server.submit("ben", new JobDraft(JobKind.RUN, List.of(task("mine")))));
    long seed = 20_261_122;
    Random random = new Random(seed);
    List<Throwable> unexpected = new ArrayList<>();
    int taken = 0;
    for (int i = 0; i < 3_000; i++) {
      byte[] bad = Arrays.copyOf(good, i % 3 == 0 ? random.nextInt(good.length) : good.length);
      for (int flips = 0; flips < 1 + random.nextInt(3) && bad.length > 0; flips++) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      try {
        JobParcel parcel = ParcelCodec.decode(bad);
        if (parcel.begun().isPresent() && taken < 100) {
          taken++;
          get(server.take("eve", parcel));
        }
      } catch (MalformedFrameException e) {
        // It says what is wrong.
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof JobException)) {
          unexpected.add(e.getCause());
        }
      } catch (RuntimeException e) {
        unexpected.add(e);
      }
    }
    assertThat(unexpected).as("seed " + seed).isEmpty();
    assertThat(taken).as("some are jobs all the same").isPositive();
    assertThat(state(server, other)).isEqualTo(JobState.OPEN);
    restart();
    assertThat(server.tasks(other, 0, 10))
        .extracting(JobTask::state)
        .containsExactly(JobTaskState.READY);
  }
}
