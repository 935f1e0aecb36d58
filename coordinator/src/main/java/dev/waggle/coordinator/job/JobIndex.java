package dev.waggle.coordinator.job;

import static dev.waggle.coordinator.job.JobTables.code;
import static dev.waggle.ledger.file.SmallDatabase.change;

import dev.waggle.ledger.file.SmallDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the queue's writing thread keeps in memory of its tables: which jobs are open, and which
 * tasks are ready, held or put off. Built anew from the tables when in doubt. Belongs to that
 * thread, but for {@link #readyNeeds}, {@link #due()} and {@link #isHeld}.
 */
final class JobIndex {
  final ReadyTasks ready = new ReadyTasks();
  final Map<Long, Open> open = new HashMap<>();
  final Map<Long, Held> held = new ConcurrentHashMap<>();
  final Map<Long, Delayed> delayed = new HashMap<>();
  private final SmallDatabase database;
  private Set<JobId> changed = new HashSet<>();
  private ClaimSeal seal = new ClaimSeal(new byte[ClaimSeal.KEY_BYTES]);
  private long lastId;
  private int openTasks;
  private volatile Collection<String> readyNeeds = List.of();
  private volatile long due = Long.MAX_VALUE;

  /** A job of which something is left to do. */
  static final class Open {
    final JobId name;
    final String member;
    final int priority;
    final long deadline;
    long lastEvent;

    Open(JobId name, String member, int priority, long deadline, long lastEvent) {
      this.name = name;
      this.member = member;
      this.priority = priority;
      this.deadline = deadline;
      this.lastEvent = lastEvent;
    }
  }

  static final class Held {
    final long job;
    final int number;
    final int attempt;
    final int attemptsMax;
    final int fence;
    final String need;
    final String holder;
    long until;

    Held(
        long job,
        int number,
        int attempt,
        int attemptsMax,
        int fence,
        String need,
        String holder,
        long until) {
      this.job = job;
      this.number = number;
      this.attempt = attempt;
      this.attemptsMax = attemptsMax;
      this.fence = fence;
      this.need = need;
      this.holder = holder;
      this.until = until;
    }
  }

  record Delayed(long job, long notBefore, String need) {}

  JobIndex(SmallDatabase database) {
    this.database = database;
  }

  /** Builds the index anew. */
  void load() {
    database.write(
        connection -> {
          load(connection);
          return 0;
        });
  }

  private void load(Connection connection) throws SQLException {
    ready.clear();
    open.clear();
    held.clear();
    delayed.clear();
    openTasks = 0;
    Optional<byte[]> key =
        JobTables.one(connection, "SELECT bytes FROM secret", row -> row.getBytes(1));
    byte[] secret = key.orElseGet(ClaimSeal::newKey);
    if (key.isEmpty()) {
      change(connection, "INSERT INTO secret VALUES (?)", (Object) secret);
    }
    seal = new ClaimSeal(secret);
    lastId =
        Math.max(
            JobTables.number(connection, "SELECT MAX(id) FROM job"),
            JobTables.number(connection, "SELECT MAX(id) FROM task"));
    JobTables.all(
            connection,
            "SELECT id, name, member, priority, deadline, last_event FROM job WHERE state = ?",
            row ->
                Map.entry(
                    row.getLong(1),
                    new Open(
                        new JobId(row.getString(2)),
                        row.getString(3),
                        row.getInt(4),
                        row.getLong(5),
                        row.getLong(6))),
            code(JobState.OPEN))
        .forEach(each -> open.put(each.getKey(), each.getValue()));
    for (JobTaskState state : JobTaskState.values()) {
      if (!state.isOver()) {
        // Tasks of a job that leaves stay as they were.
        TaskRow.where(connection, "state = ?", code(state)).stream()
            .filter(each -> open.containsKey(each.job()))
            .forEach(this::index);
      }
    }
    findDue();
    readyNeeds = ready.needs();
  }

  /** Counts a task of an open job as one to be done. */
  void index(TaskRow row) {
    openTasks++;
    String need = row.need();
    if (row.state() == JobTaskState.READY) {
      ready.add(entry(row.id(), row.job(), need));
    } else if (row.state() == JobTaskState.DELAYED) {
      delayed.put(row.id(), new Delayed(row.job(), row.notBefore(), need));
    } else if (row.state().isHeld()) {
      held.put(
          row.id(),
          new Held(
              row.job(),
              row.number(),
              row.attempts(),
              row.attemptsMax(),
              row.fence(),
              need,
              row.holder(),
              row.until()));
      ready.onHeld(job(row.job()).member);
    }
  }

  /** Something is to be done at a moment. */
  void due(long millis) {
    due = Math.min(due, millis);
  }

  /** When something is to be done that time alone brings; perhaps nothing; from any thread. */
  long due() {
    return due;
  }

  /** Forgets when something was to be done, and finds out when the next is. */
  void findDue() {
    due = Long.MAX_VALUE;
    delayed.values().forEach(each -> due(each.notBefore()));
    held.values().forEach(each -> due(each.until));
    open.values().stream().filter(each -> each.deadline > 0).forEach(each -> due(each.deadline));
  }

  ReadyTasks.Entry entry(long task, long job, String need) {
    return new ReadyTasks.Entry(task, job(job).priority, job(job).member, need);
  }

  Open job(long id) {
    Open job = open.get(id);
    if (job == null) {
      throw new AssertionError("a task that is not over belongs to a job that is open");
    }
    return job;
  }

  /** What the ready tasks need; from any thread. */
  Collection<String> readyNeeds() {
    return readyNeeds;
  }

  /** Which jobs have changed since this was asked last. */
  Set<JobId> takeChanged() {
    readyNeeds = ready.needs();
    Set<JobId> now = changed;
    changed = new HashSet<>();
    return now;
  }

  /** Whether a claim holds its task; from any thread. */
  boolean isHeld(Claim.Proof proof) {
    Held mine = held.get(proof.task());
    return mine != null && mine.fence == proof.fence();
  }

  /** What makes and knows proofs. */
  ClaimSeal seal() {
    return seal;
  }

  /** The next of so many numbers that nothing has yet. */
  long take(int count) {
    long first = lastId + 1;
    lastId += count;
    return first;
  }

  /** Refuses so many tasks more than there may be. */
  void requireRoom(int tasks) throws JobException {
    if (openTasks + tasks > JobQueue.OPEN_TASKS_MAX) {
      throw new JobException(
          JobException.Kind.FULL,
          "this node has "
              + openTasks
              + " tasks to do, and takes at most "
              + JobQueue.OPEN_TASKS_MAX
              + " (wait, or cancel a job)");
    }
  }

  /** So many tasks more are to be done. */
  void addOpen(int tasks) {
    openTasks += tasks;
  }

  /** Something of a job has changed. */
  void onChanged(JobId job) {
    changed.add(job);
  }

  /** A task is held no more. */
  void release(long task, Held mine) {
    held.remove(task);
    ready.onReleased(job(mine.job).member);
  }

  /** Nobody is to do a task now; returns whether somebody held it. */
  boolean withdraw(long task) {
    ready.remove(task);
    delayed.remove(task);
    Held holding = held.get(task);
    if (holding != null) {
      release(task, holding);
    }
    return holding != null;
  }
}
