package dev.waggle.coordinator.job;

import static dev.waggle.coordinator.job.JobTables.code;
import static dev.waggle.ledger.file.SmallDatabase.change;

import dev.waggle.coordinator.Keeping;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.JobPart;
import dev.waggle.mesh.swarm.exchange.Priority;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The rules of tasks: who holds one, what becomes of it, and of those that need it. Belongs to the
 * queue's writing thread.
 */
final class JobBook {
  private static final Duration BACKOFF = Duration.ofSeconds(1);
  private static final Duration BACKOFF_MAX = Duration.ofMinutes(1);
  static final int ERROR_CHARACTERS_MAX = 4_000;

  private final JobIndex index;
  private final Clock clock;

  JobBook(JobIndex index, Clock clock) {
    this.index = index;
    this.clock = clock;
  }

  private long now() {
    return clock.millis();
  }

  // ---- claims

  Optional<Claim> claim(
      Connection connection, String holder, Predicate<String> needs, Duration lease)
      throws SQLException {
    if (now() >= index.due()) {
      tidy(connection); // What is due now is ready for whoever asks first.
    }
    Optional<ReadyTasks.Entry> next = index.ready.take(needs);
    if (next.isEmpty()) {
      return Optional.empty();
    }
    TaskRow row = TaskRow.where(connection, "id = ?", next.get().task()).get(0);
    int attempt = row.attempts() + 1;
    int fence = row.fence() + 1;
    Instant until = clock.instant().plus(lease);
    change(
        connection,
        "UPDATE task SET state = ?, attempts = ?, fence = ?, lease_until = ?, holder = ? WHERE id = ?",
        code(JobTaskState.CLAIMED),
        attempt,
        fence,
        until.toEpochMilli(),
        holder,
        row.id());
    index.held.put(
        row.id(),
        new JobIndex.Held(
            row.job(),
            row.number(),
            attempt,
            row.attemptsMax(),
            fence,
            row.need(),
            holder,
            until.toEpochMilli()));
    index.due(until.toEpochMilli());
    JobWork work =
        JobTables.one(connection, "SELECT work FROM task WHERE id = ?", JobTables::work, row.id())
            .orElseThrow();
    Claim.Proof proof =
        new Claim.Proof(
            index.job(row.job()).name,
            row.number(),
            row.id(),
            fence,
            index.seal().of(row.id(), fence));
    return Optional.of(
        new Claim(
            proof,
            index.job(row.job()).member,
            work,
            inputs(connection, row.id()),
            attempt,
            row.replicas(),
            JobTables.of(Priority.class, index.job(row.job()).priority),
            keeping(row, attempt),
            until));
  }

  private Keeping keeping(TaskRow row, int attempt) {
    Optional<Keeping.Earlier> earlier =
        row.worker().isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Keeping.Earlier(
                    PeerId.parse(row.worker()),
                    Duration.ofMillis(Math.max(0, now() - row.begun()))));
    JobPart part =
        new JobPart(index.job(row.job()).name.value(), index.seal().keep(row.id(), attempt, ""));
    return new Keeping(part, earlier);
  }

  private static List<Claim.Input> inputs(Connection connection, long task) throws SQLException {
    return JobTables.all(
        connection,
        "SELECT t.number, t.name, t.result FROM dependency d JOIN task t ON t.id = d.needed"
            + " WHERE d.task = ? ORDER BY t.number",
        row -> {
          String name = row.getString(2);
          return new Claim.Input(name.isEmpty() ? "" + row.getInt(1) : name, row.getString(3));
        },
        task);
  }

  private JobIndex.Held require(Claim.Proof proof) throws JobException {
    if (!index.seal().isOf(proof)) {
      throw new JobException(
          JobException.Kind.FORBIDDEN, "that is no proof of a claim of this queue");
    }
    JobIndex.Held mine = index.held.get(proof.task());
    if (mine == null || mine.fence != proof.fence()) {
      throw new JobException(
          JobException.Kind.CONFLICT,
          "task "
              + proof.number()
              + " of job "
              + proof.job()
              + " is not held by that claim any more (its lease ended, or the job was cancelled)");
    }
    return mine;
  }

  void begin(Connection connection, Claim.Proof proof, String where, Optional<PeerId> worker)
      throws SQLException, JobException {
    JobIndex.Held mine = require(proof);
    change(
        connection,
        "UPDATE task SET state = ?, worker = ?, begun = ? WHERE id = ?",
        code(JobTaskState.RUNNING),
        worker.map(PeerId::toString).orElse(""),
        now(),
        proof.task());
    tell(connection, mine.job, JobEvent.Kind.STARTED, mine.number, where);
  }

  Instant renew(Connection connection, Claim.Proof proof, Duration lease)
      throws SQLException, JobException {
    JobIndex.Held mine = require(proof);
    Instant until = clock.instant().plus(lease);
    mine.until = until.toEpochMilli();
    change(connection, "UPDATE task SET lease_until = ? WHERE id = ?", mine.until, proof.task());
    return until;
  }

  void progress(Connection connection, Claim.Proof proof, String detail)
      throws SQLException, JobException {
    JobIndex.Held mine = require(proof);
    tell(connection, mine.job, JobEvent.Kind.PROGRESS, mine.number, detail);
  }

  void keepStep(Connection connection, Claim.Proof proof, String name, String result)
      throws SQLException, JobException {
    require(proof);
    change(connection, "MERGE INTO step VALUES (?, ?, ?)", proof.task(), name, result);
  }

  void settle(Connection connection, Claim.Proof proof, TaskEnd end)
      throws SQLException, JobException {
    JobIndex.Held mine = require(proof);
    index.release(proof.task(), mine);
    if (end instanceof TaskEnd.Done done) {
      JobTables.end(connection, proof.task(), JobTaskState.DONE, done.result(), null);
      tell(connection, mine.job, JobEvent.Kind.DONE, mine.number, "");
      unblock(connection, proof.task());
      count(connection, mine.job, "done", 1);
    } else if (end instanceof TaskEnd.Failed failed) {
      fail(connection, proof.task(), mine, failed);
    } else if (end instanceof TaskEnd.Postponed postponed) {
      change(
          connection, "UPDATE task SET attempts = ? WHERE id = ?", mine.attempt - 1, proof.task());
      delay(connection, proof.task(), mine, postponed.by(), "");
    } else if (end instanceof TaskEnd.Asks asks) {
      // To ask is no failure.
      change(
          connection,
          "UPDATE task SET state = ?, attempts = ? WHERE id = ?",
          code(JobTaskState.WAITING_APPROVAL),
          mine.attempt - 1,
          proof.task());
      tell(connection, mine.job, JobEvent.Kind.ASKED, mine.number, asks.question());
    } else {
      throw new AssertionError("no treatment for " + end.getClass());
    }
  }

  private void fail(Connection connection, long task, JobIndex.Held mine, TaskEnd.Failed end)
      throws SQLException {
    String cause = end.cause();
    String shown =
        cause.length() > ERROR_CHARACTERS_MAX ? cause.substring(0, ERROR_CHARACTERS_MAX) : cause;
    if (!end.isFinal() && mine.attempt < mine.attemptsMax) {
      tell(connection, mine.job, JobEvent.Kind.RETRIED, mine.number, shown);
      change(connection, "UPDATE task SET worker = '' WHERE id = ?", task);
      delay(connection, task, mine, backoff(mine.attempt), shown);
      return;
    }
    JobTables.end(connection, task, JobTaskState.FAILED, end.result().orElse(null), shown);
    tell(connection, mine.job, JobEvent.Kind.FAILED, mine.number, shown);
    int failed = 1 + failDependents(connection, mine.job, task);
    count(connection, mine.job, "failed", failed);
  }

  static Duration backoff(int attempt) {
    Duration time = BACKOFF.multipliedBy(1L << Math.min(attempt - 1, 10));
    return time.compareTo(BACKOFF_MAX) < 0 ? time : BACKOFF_MAX;
  }

  private void delay(
      Connection connection, long task, JobIndex.Held mine, Duration time, String error)
      throws SQLException {
    long notBefore = now() + time.toMillis();
    change(
        connection,
        "UPDATE task SET state = ?, not_before = ?, lease_until = 0, error = ? WHERE id = ?",
        code(JobTaskState.DELAYED),
        notBefore,
        error.isEmpty() ? null : error,
        task);
    index.delayed.put(task, new JobIndex.Delayed(mine.job, notBefore, mine.need));
    index.due(notBefore);
  }

  private void unblock(Connection connection, long needed) throws SQLException {
    for (long next : dependents(connection, needed)) {
      change(connection, "UPDATE task SET blocked = blocked - 1 WHERE id = ?", next);
      TaskRow row =
          TaskRow.where(
                  connection,
                  "id = ? AND state = ? AND blocked = 0",
                  next,
                  code(JobTaskState.BLOCKED))
              .stream()
              .findFirst()
              .orElse(null);
      if (row != null) {
        JobTables.setState(connection, next, JobTaskState.READY);
        index.ready.add(index.entry(next, row.job(), row.need()));
      }
    }
  }

  private static List<Long> dependents(Connection connection, long needed) throws SQLException {
    return JobTables.all(
        connection,
        "SELECT task FROM dependency WHERE needed = ? ORDER BY task",
        row -> row.getLong(1),
        needed);
  }

  /** What needs a task that failed cannot be done; returns how many that are. */
  private int failDependents(Connection connection, long job, long needed) throws SQLException {
    int failed = 0;
    List<Long> open = new ArrayList<>(dependents(connection, needed));
    while (!open.isEmpty()) {
      long next = open.remove(open.size() - 1);
      Optional<TaskRow> row =
          TaskRow.where(connection, "id = ? AND state = ?", next, code(JobTaskState.BLOCKED))
              .stream()
              .findFirst();
      if (row.isPresent()) {
        String why = "a task that it needs failed";
        JobTables.end(connection, next, JobTaskState.FAILED, null, why);
        tell(connection, job, JobEvent.Kind.FAILED, row.get().number(), why);
        failed++;
        open.addAll(dependents(connection, next));
      }
    }
    return failed;
  }

  /** So many tasks of a job ended so; when none is left, the job has ended. */
  void count(Connection connection, long job, String how, int tasks) throws SQLException {
    index.addOpen(-tasks);
    change(connection, "UPDATE job SET " + how + " = " + how + " + ? WHERE id = ?", tasks, job);
    JobSummary now =
        JobTables.one(
                connection,
                "SELECT " + JobTables.JOB_COLUMNS + " FROM job WHERE id = ?",
                JobTables::job,
                job)
            .orElseThrow();
    if (now.done() + now.failed() + now.canceled() == now.total()) {
      JobState state =
          now.failed() > 0
              ? JobState.FAILED
              : now.canceled() > 0 ? JobState.CANCELED : JobState.DONE;
      tell(connection, job, JobEvent.Kind.ENDED, -1, "");
      change(
          connection, "UPDATE job SET state = ?, ended = ? WHERE id = ?", code(state), now(), job);
      index.open.remove(job);
    }
  }

  // ---- time

  void tidy(Connection connection) throws SQLException {
    long now = now();
    for (Map.Entry<Long, JobIndex.Delayed> each : List.copyOf(index.delayed.entrySet())) {
      if (each.getValue().notBefore() <= now) {
        index.delayed.remove(each.getKey());
        JobTables.setState(connection, each.getKey(), JobTaskState.READY);
        index.ready.add(index.entry(each.getKey(), each.getValue().job(), each.getValue().need()));
        index.onChanged(index.job(each.getValue().job()).name);
      }
    }
    for (Map.Entry<Long, JobIndex.Held> each : List.copyOf(index.held.entrySet())) {
      if (each.getValue().until <= now && index.held.containsKey(each.getKey())) {
        JobIndex.Held lost = each.getValue();
        index.release(each.getKey(), lost);
        fail(
            connection,
            each.getKey(),
            lost,
            new TaskEnd.Failed(lost.holder + " went silent", /* isFinal= */ false));
      }
    }
    for (Map.Entry<Long, JobIndex.Open> each : List.copyOf(index.open.entrySet())) {
      if (each.getValue().deadline > 0 && each.getValue().deadline <= now) {
        endAll(connection, each.getKey(), JobTaskState.FAILED, "the job's deadline has passed");
      }
    }
    index.findDue();
  }

  void releaseAll(Connection connection, String holder) throws SQLException {
    for (Map.Entry<Long, JobIndex.Held> each : List.copyOf(index.held.entrySet())) {
      JobIndex.Held mine = each.getValue();
      if (mine.holder.equals(holder)) {
        index.release(each.getKey(), mine);
        change(
            connection,
            "UPDATE task SET attempts = ? WHERE id = ?",
            mine.attempt - 1,
            each.getKey());
        delay(connection, each.getKey(), mine, Duration.ZERO, "");
      }
    }
    tidy(connection);
  }

  /** Ends what is left of a job. */
  void endAll(Connection connection, long job, JobTaskState how, String why) throws SQLException {
    List<TaskRow> left =
        TaskRow.where(connection, "job = ? AND state < ?", job, code(JobTaskState.DONE));
    for (TaskRow each : left) {
      index.withdraw(each.id());
      JobTables.end(connection, each.id(), how, null, why);
    }
    boolean canceled = how == JobTaskState.CANCELED;
    tell(connection, job, canceled ? JobEvent.Kind.CANCELED : JobEvent.Kind.FAILED, -1, why);
    count(connection, job, canceled ? "canceled" : "failed", left.size());
  }

  /** Something happened to a job. */
  void tell(Connection connection, long id, JobEvent.Kind kind, int task, String detail)
      throws SQLException {
    JobIndex.Open job = index.job(id);
    job.lastEvent++;
    index.onChanged(job.name);
    change(
        connection,
        "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)",
        id,
        job.lastEvent,
        now(),
        code(kind),
        task,
        detail);
    change(connection, "UPDATE job SET last_event = ? WHERE id = ?", job.lastEvent, id);
  }
}
