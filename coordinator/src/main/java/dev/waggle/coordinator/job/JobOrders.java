package dev.waggle.coordinator.job;

import static dev.waggle.coordinator.job.JobTables.code;
import static dev.waggle.ledger.file.SmallDatabase.change;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What people do with jobs. Belongs to the queue's writing thread. */
final class JobOrders {
  private static final int INSERT_BATCH = 1_000;

  private final JobIndex index;
  private final JobBook book;
  private final Clock clock;

  JobOrders(JobIndex index, JobBook book, Clock clock) {
    this.index = index;
    this.book = book;
    this.clock = clock;
  }

  private long now() {
    return clock.millis();
  }

  // ---- taking in

  JobId submit(Connection connection, String member, JobDraft draft)
      throws SQLException, JobException {
    byte[] content = DraftHash.of(draft);
    if (!draft.key().isEmpty()) {
      Optional<Known> known =
          JobTables.one(
              connection,
              "SELECT name, content FROM job WHERE client_key = ? AND member = ?",
              row -> new Known(row.getString(1), row.getBytes(2)),
              draft.key(),
              member);
      if (known.isPresent()) {
        return same(known.get(), content, draft.key());
      }
    }
    index.requireRoom(draft.tasks().size());
    long id = index.take(1);
    JobId name = JobId.random();
    long deadline = draft.deadline().map(Instant::toEpochMilli).orElse(0L);
    change(
        connection,
        "INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, 0, 0, 0, 0, '', '')",
        id,
        name.value(),
        code(draft.kind()),
        draft.title(),
        member,
        draft.key(),
        content,
        code(draft.priority()),
        now(),
        deadline,
        code(JobState.OPEN),
        draft.tasks().size());
    index.open.put(id, new JobIndex.Open(name, member, code(draft.priority()), deadline, 0));
    index.due(deadline == 0 ? Long.MAX_VALUE : deadline);
    insertTasks(connection, id, draft.tasks());
    book.tell(connection, id, JobEvent.Kind.SUBMITTED, -1, "");
    return name;
  }

  private record Known(String name, byte[] content) {}

  private static JobId same(Known known, byte[] content, String key) throws JobException {
    if (!Arrays.equals(known.content(), content)) {
      throw new JobException(
          JobException.Kind.CONFLICT,
          "the key \"" + key + "\" names job " + known.name() + ", which is another one");
    }
    return new JobId(known.name());
  }

  private void insertTasks(Connection connection, long job, List<TaskDraft> tasks)
      throws SQLException {
    long first = index.take(tasks.size());
    index.addOpen(tasks.size());
    try (PreparedStatement insert =
            connection.prepareStatement(
                "INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, 0, ?, 0, 0, 0, '', '', 0, ?, ?, ?, NULL, NULL)");
        PreparedStatement needed =
            connection.prepareStatement("INSERT INTO dependency VALUES (?, ?)")) {
      for (int i = 0; i < tasks.size(); i++) {
        TaskDraft task = tasks.get(i);
        Set<Integer> after = Set.copyOf(task.after());
        insert.setLong(1, first + i);
        insert.setLong(2, job);
        insert.setInt(3, i);
        insert.setString(4, task.name());
        insert.setInt(5, code(after.isEmpty() ? JobTaskState.READY : JobTaskState.BLOCKED));
        insert.setInt(6, after.size());
        insert.setInt(7, task.attempts());
        insert.setInt(8, task.replicas());
        insert.setString(9, task.work().need());
        insert.setBytes(10, task.work().encode());
        insert.addBatch();
        for (int each : after) {
          needed.setLong(1, first + i);
          needed.setLong(2, first + each);
          needed.addBatch();
        }
        if (after.isEmpty()) {
          index.ready.add(index.entry(first + i, job, task.work().need()));
        }
        if ((i + 1) % INSERT_BATCH == 0) {
          insert.executeBatch();
        }
      }
      insert.executeBatch();
      needed.executeBatch();
    }
  }

  // ---- what people do

  /** The row of a job that this node looks after. */
  private static long idOf(Connection connection, JobId job) throws SQLException, JobException {
    JobRow row = JobRow.require(connection, job);
    if (row.state().isLeaving()) {
      throw new JobException(
          JobException.Kind.CONFLICT, "job " + job + " is, or is to be, at " + row.coordinator());
    }
    return row.id();
  }

  void cancel(Connection connection, JobId job) throws SQLException, JobException {
    long id = idOf(connection, job);
    if (index.open.containsKey(id)) {
      book.endAll(connection, id, JobTaskState.CANCELED, "the job was cancelled");
    }
  }

  void retry(Connection connection, JobId job) throws SQLException, JobException {
    long id = idOf(connection, job);
    List<TaskRow> again =
        TaskRow.where(
            connection,
            "job = ? AND state IN (?, ?) ORDER BY id",
            id,
            code(JobTaskState.FAILED),
            code(JobTaskState.CANCELED));
    if (again.isEmpty()) {
      throw new JobException(
          JobException.Kind.CONFLICT, "no task of job " + job + " has failed or was cancelled");
    }
    change(
        connection,
        "UPDATE job SET state = ?, ended = 0, deadline = 0, failed = 0, canceled = 0 WHERE id = ?",
        code(JobState.OPEN),
        id);
    JobSummary now =
        JobTables.one(
                connection,
                "SELECT " + JobTables.JOB_COLUMNS + " FROM job WHERE id = ?",
                JobTables::job,
                id)
            .orElseThrow();
    index.open.put(
        id, new JobIndex.Open(job, now.member(), code(now.priority()), 0, now.lastEvent()));
    index.addOpen(again.size());
    for (TaskRow each : again) {
      int missing =
          (int)
              JobTables.number(
                  connection,
                  "SELECT COUNT(*) FROM dependency d JOIN task t ON t.id = d.needed WHERE d.task = ?"
                      + " AND t.state <> ?",
                  each.id(),
                  code(JobTaskState.DONE));
      change(
          connection,
          "UPDATE task SET state = ?, blocked = ?, attempts = 0, worker = '', error = NULL WHERE id = ?",
          code(missing == 0 ? JobTaskState.READY : JobTaskState.BLOCKED),
          missing,
          each.id());
      if (missing == 0) {
        index.ready.add(index.entry(each.id(), id, each.need()));
      }
    }
    book.tell(connection, id, JobEvent.Kind.SUBMITTED, -1, "again");
  }

  void answer(Connection connection, JobId job, int number, String answer)
      throws SQLException, JobException {
    long id = idOf(connection, job);
    TaskRow row =
        TaskRow.where(connection, "job = ? AND number = ?", id, number).stream()
            .findFirst()
            .orElseThrow(
                () ->
                    new JobException(
                        JobException.Kind.UNKNOWN, "job " + job + " has no task " + number));
    if (row.state() != JobTaskState.WAITING_APPROVAL) {
      throw new JobException(
          JobException.Kind.CONFLICT,
          "task "
              + number
              + " of job "
              + job
              + " asks nothing now (see: waggle job show "
              + job
              + ")");
    }
    JobTables.setState(connection, row.id(), JobTaskState.READY);
    index.ready.add(index.entry(row.id(), id, row.need()));
    long before =
        JobTables.number(
            connection,
            "SELECT COUNT(*) FROM step WHERE task = ? AND name LIKE 'answer-%'",
            row.id());
    change(connection, "INSERT INTO step VALUES (?, ?, ?)", row.id(), "answer-" + before, answer);
    book.tell(connection, id, JobEvent.Kind.ANSWERED, number, answer);
  }

  int forget(Connection connection, Instant before) throws SQLException {
    List<Long> old =
        JobTables.all(
            connection,
            "SELECT id FROM job WHERE ended > 0 AND ended < ?",
            row -> row.getLong(1),
            before.toEpochMilli());
    change(connection, "DELETE FROM elsewhere WHERE noted < ?", before.toEpochMilli());
    for (long each : old) {
      String tasks = "(SELECT id FROM task WHERE job = ?)";
      change(connection, "DELETE FROM dependency WHERE task IN " + tasks, each);
      change(connection, "DELETE FROM step WHERE task IN " + tasks, each);
      change(connection, "DELETE FROM task WHERE job = ?", each);
      change(connection, "DELETE FROM event WHERE job = ?", each);
      change(connection, "DELETE FROM job WHERE id = ?", each);
    }
    return old.size();
  }

  void trust(Connection connection, String worker, int agreed) throws SQLException {
    long before = JobTables.number(connection, "SELECT agreed FROM trust WHERE worker = ?", worker);
    change(
        connection,
        "MERGE INTO trust VALUES (?, ?)",
        worker,
        agreed < 0 ? 0 : Math.min(before + agreed, Integer.MAX_VALUE));
  }
}
