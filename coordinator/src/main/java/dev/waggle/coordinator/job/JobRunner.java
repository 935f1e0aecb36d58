package dev.waggle.coordinator.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.Keeping;
import dev.waggle.coordinator.TaskFailure;
import dev.waggle.coordinator.TaskSubmitter;
import dev.waggle.coordinator.Terms;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Ledger;
import dev.waggle.mesh.libp2p.Failures;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the tasks of this node's jobs done by the swarm: claims what is ready, as much as the swarm
 * has room for, and settles what came of it. Thread-safe.
 */
public final class JobRunner implements AutoCloseable {
  /** How long a claim lasts without a renewal. */
  static final Duration LEASE = Duration.ofSeconds(30);

  /** The most tasks under way at once. */
  static final int RUNNING_MAX = 256;

  /** The most jobs at once that write code. */
  static final int DEVELOPING_MAX = 4;

  private static final Logger log = LoggerFactory.getLogger(JobRunner.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final Duration RENEW = LEASE.dividedBy(3);
  private static final Duration POSTPONED_MAX = Duration.ofSeconds(10);
  private static final Duration POSTPONED_MIN = Duration.ofMillis(200);
  private static final Duration LEDGER_PAUSE = Duration.ofSeconds(5);
  // A node that has just started meets the others, asks its engines and proves its sandboxes.
  private static final Duration WARM_UP = Duration.ofSeconds(45);
  // How long what a worker may have kept waits for it to be met again.
  private static final Duration REUNION = Duration.ofSeconds(20);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(500);
  private static final Duration FORGET_STEP = Duration.ofHours(6);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

  private final Parts parts;
  private final String holder;
  private final Map<Claim.Proof, Stop> running = new ConcurrentHashMap<>();
  private final Instant began;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;
  private final ThreadPoolExecutor developers;
  private final List<ScheduledFuture<?>> scheduled = new ArrayList<>();
  private final AutoCloseable listening;
  private volatile boolean closing;

  /** Makes what is under way end, or be left to workers that keep its result. */
  @FunctionalInterface
  private interface Stop {
    void stop(boolean leaving);
  }

  /**
   * What it works with.
   *
   * @param self this node
   * @param ready whether a node, this one or another, can be asked for a task now
   * @param room how many tasks the swarm can take now
   * @param upstream who is asked where no node of the swarm gets it right
   * @param blocking runs what waits for the disk
   * @param timer runs short steps at their time; stays the caller's to close
   */
  public record Parts(
      PeerId self,
      JobQueue queue,
      ArtifactStore artifacts,
      TaskSubmitter swarm,
      Ledger ledger,
      Conduct conduct,
      IntSupplier room,
      BiPredicate<PeerId, TaskSpec> ready,
      Upstream upstream,
      Executor blocking,
      ScheduledExecutorService timer,
      Clock clock,
      RandomGenerator random) {
    Parts withoutUpstream() {
      return new Parts(
          self,
          queue,
          artifacts,
          swarm,
          ledger,
          conduct,
          room,
          ready,
          Upstream.NONE,
          blocking,
          timer,
          clock,
          random);
    }
  }

  private JobRunner(Parts parts) {
    this.parts = parts;
    this.holder = parts.self().toString();
    this.began = parts.clock().instant();
    this.thread = new Thread(this::run, "job-runner");
    thread.setDaemon(true);
    this.developers = CodeLoop.threads("job-code", DEVELOPING_MAX);
    this.listening = parts.queue().listen(this::onChanged);
  }

  /** Starts to do what is there. */
  public static JobRunner start(Parts parts) {
    JobRunner runner = new JobRunner(parts);
    // What an earlier run of this node held is held by nobody now.
    parts.queue().releaseAll(runner.holder);
    runner.every(RENEW, runner::renew);
    runner.every(FORGET_STEP, runner::forget);
    runner.thread.start();
    return runner;
  }

  private void every(Duration step, Runnable what) {
    scheduled.add(
        parts
            .timer()
            .scheduleWithFixedDelay(what, step.toMillis(), step.toMillis(), TimeUnit.MILLISECONDS));
  }

  private void onChanged(Set<JobId> jobs) {
    for (Map.Entry<Claim.Proof, Stop> each : running.entrySet()) {
      if (jobs.contains(each.getKey().job()) && !parts.queue().isHeld(each.getKey())) {
        each.getValue().stop(/* leaving= */ false);
      }
    }
    wake.release();
  }

  private void renew() {
    for (Map.Entry<Claim.Proof, Stop> each : running.entrySet()) {
      parts
          .queue()
          .renew(each.getKey(), LEASE)
          .exceptionally(
              failure -> {
                if (Failures.cause(failure) instanceof JobException) {
                  each.getValue().stop(/* leaving= */ false);
                }
                return parts.clock().instant();
              });
    }
  }

  private void forget() {
    parts.queue().forget(parts.clock().instant().minus(JobQueue.KEPT));
    try {
      parts
          .blocking()
          .execute(
              () -> {
                try {
                  parts.artifacts().forget(parts.clock().instant().minus(JobQueue.KEPT));
                } catch (IOException e) {
                  log.warn("old artifacts cannot be deleted: {}", e.getMessage());
                }
              });
    } catch (RejectedExecutionException e) {
      log.debug("too busy to delete old artifacts");
    }
  }

  private void run() {
    try {
      while (!closing) {
        boolean woken = wake.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        if (woken) {
          wake.drainPermits();
        }
        round();
      }
    } catch (InterruptedException e) {
      log.debug("the runner of jobs stops");
    }
  }

  private void round() throws InterruptedException {
    try {
      parts.queue().tidyIfDue().get();
      boolean more = true;
      while (more && !closing) {
        more = claim();
      }
    } catch (ExecutionException e) {
      log.warn("jobs cannot be claimed: {}", e.getCause() == null ? e : e.getCause().getMessage());
    }
  }

  private boolean claim() throws InterruptedException, ExecutionException {
    int room = Math.min(RUNNING_MAX, Math.max(1, parts.room().getAsInt()));
    boolean asks = running.size() < room;
    boolean develops = developers.getActiveCount() < DEVELOPING_MAX;
    Predicate<String> needs = need -> need.equals(JobWork.Develop.CODE) ? develops : asks;
    if (parts.queue().readyNeeds().stream().noneMatch(needs)) {
      return false; // To ask for a claim writes to the disk.
    }
    Optional<Claim> claim = parts.queue().claim(holder, needs, LEASE).get();
    claim.ifPresent(this::start);
    return claim.isPresent();
  }

  private void start(Claim claim) {
    try {
      if (claim.work() instanceof JobWork.Ask ask) {
        start(claim, ask);
      } else if (claim.work() instanceof JobWork.Develop develop) {
        start(claim, develop);
      } else {
        throw new AssertionError("no treatment for " + claim.work().getClass());
      }
    } catch (IllegalArgumentException e) {
      // What others said before makes, put together, no task.
      settle(claim.proof(), new TaskEnd.Failed(String.valueOf(e.getMessage()), true));
    }
  }

  private void start(Claim claim, JobWork.Ask ask) {
    Claim.Proof proof = claim.proof();
    boolean meeting = parts.clock().instant().isBefore(began.plus(REUNION));
    Optional<PeerId> earlier = claim.keeping().earlier().map(Keeping.Earlier::worker);
    if (meeting && earlier.filter(each -> !parts.ready().test(each, ask.spec())).isPresent()) {
      settle(proof, new TaskEnd.Postponed(LOOK_AGAIN));
      return;
    }
    VerifiedRun run =
        new VerifiedRun(
            parts,
            with(ask.spec(), claim.inputs()),
            Terms.USUAL.urgent(claim.priority()).kept(claim.keeping()),
            claim.replicas(),
            placement ->
                parts
                    .queue()
                    .begin(proof, placement.workerName(), Optional.of(placement.worker())));
    running.put(proof, run::stop);
    run.start()
        .whenComplete(
            (result, failure) ->
                settle(proof, failure == null ? done(result) : failed(Failures.cause(failure))));
  }

  private void start(Claim claim, JobWork.Develop develop) {
    Claim.Proof proof = claim.proof();
    // This node's way out of the swarm is for its own users.
    boolean own = claim.member().equals(holder);
    SwarmTools tools =
        new SwarmTools(
            own ? parts : parts.withoutUpstream(), proof, claim.priority(), develop.order());
    running.put(proof, leaving -> tools.cancel());
    parts.queue().begin(proof, "", Optional.empty());
    try {
      developers.execute(
          () -> {
            TaskEnd end;
            try {
              end = CodeLoop.run(develop.order(), tools);
            } catch (InterruptedException e) {
              end = new TaskEnd.Postponed(POSTPONED_MIN);
            } catch (RuntimeException | Error e) {
              log.error("writing code ended in a bug", e);
              end = new TaskEnd.Failed("this node failed: " + e, /* isFinal= */ true);
            }
            settle(proof, end);
          });
    } catch (RejectedExecutionException e) {
      settle(proof, new TaskEnd.Postponed(LOOK));
    }
  }

  private void settle(Claim.Proof proof, TaskEnd end) {
    running.remove(proof);
    wake.release();
    if (!parts.queue().isHeld(proof)) {
      return; // It was cancelled, or its lease ended: nobody waits for this result.
    }
    parts
        .queue()
        .settle(proof, closing ? new TaskEnd.Postponed(Duration.ZERO) : end)
        .exceptionally(
            failure -> {
              log.info(
                  "task {} of job {} was not settled: {}",
                  proof.number(),
                  proof.job(),
                  Failures.cause(failure).getMessage());
              return null;
            });
  }

  /** A script that said that it failed has failed, and would again. */
  private static TaskEnd done(ObjectNode result) {
    String end = result.path("end").asText("exit");
    int code = result.path("exit").asInt();
    if (end.equals("exit") && code == 0) {
      return new TaskEnd.Done(result.toString());
    }
    String why =
        switch (end) {
          case "time" -> "it ran for longer than its limit";
          case "memory" -> "it used more memory than its limit";
          default -> "exit code " + code;
        };
    return new TaskEnd.Failed(why, /* isFinal= */ true, Optional.of(result.toString()));
  }

  private TaskEnd failed(Throwable failure) {
    if (!(failure instanceof Asking.FailedException known)) {
      return new TaskEnd.Failed(String.valueOf(failure.getMessage()), /* isFinal= */ false);
    }
    TaskFailure why = known.failure();
    if (why instanceof TaskFailure.Overloaded busy) {
      Duration time = busy.retryAfter();
      time = time.compareTo(POSTPONED_MAX) > 0 ? POSTPONED_MAX : time;
      return new TaskEnd.Postponed(time.compareTo(POSTPONED_MIN) < 0 ? POSTPONED_MIN : time);
    }
    if (why instanceof TaskFailure.NoSuchModel
        && parts.clock().instant().isBefore(began.plus(WARM_UP))) {
      return new TaskEnd.Postponed(LOOK_AGAIN);
    }
    if (why instanceof TaskFailure.LedgerUnavailable) {
      return new TaskEnd.Postponed(LEDGER_PAUSE);
    }
    return new TaskEnd.Failed(why.message(), why instanceof TaskFailure.BadRequest);
  }

  /**
   * Gives a task what those had to say that it needs: code finds it in files {@code after/NAME}, a
   * prompt where it says {@code {NAME}}.
   */
  static TaskSpec with(TaskSpec spec, List<Claim.Input> inputs) {
    if (inputs.isEmpty()) {
      return spec;
    }
    if (spec instanceof TaskSpec.Code code) {
      List<CodeFile> files = new ArrayList<>(code.files());
      inputs.forEach(each -> files.add(new CodeFile("after/" + each.name(), Bytes.of(text(each)))));
      return code.with(code.stdin(), files);
    }
    if (spec instanceof TaskSpec.Chat chat) {
      List<ChatMessage> messages = new ArrayList<>();
      for (ChatMessage each : chat.messages()) {
        String content = each.content();
        for (Claim.Input input : inputs) {
          content = content.replace("{" + input.name() + "}", text(input));
        }
        messages.add(new ChatMessage(each.role(), content));
      }
      return new TaskSpec.Chat(
          chat.model(), chat.labels(), messages, chat.sampling(), chat.options(), chat.begun());
    }
    return spec;
  }

  private static String text(Claim.Input input) {
    try {
      JsonNode result = JSON.readTree(input.result());
      return result.has("text") ? result.path("text").asText() : result.path("stdout").asText();
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Begins nothing more and leaves what runs: another run of this node asks for it again, and finds
   * what workers kept.
   */
  @Override
  public void close() {
    closing = true;
    scheduled.forEach(each -> each.cancel(false));
    try {
      listening.close();
      thread.interrupt();
      developers.shutdownNow();
      running.values().forEach(each -> each.stop(/* leaving= */ true));
      thread.join(CLOSE_MAX.toMillis());
      developers.awaitTermination(CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      log.warn("the runner of jobs did not close in order", e);
    }
  }
}
