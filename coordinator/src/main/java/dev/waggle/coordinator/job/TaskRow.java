package dev.waggle.coordinator.job;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** What the queue's writing thread reads of a task. Times are milliseconds since 1970. */
record TaskRow(
    long id,
    long job,
    int number,
    JobTaskState state,
    int attempts,
    int attemptsMax,
    int fence,
    long notBefore,
    long until,
    String holder,
    int replicas,
    String need,
    String worker,
    long begun) {
  /** The tasks that a condition holds for. */
  static List<TaskRow> where(Connection connection, String where, Object... values)
      throws SQLException {
    return JobTables.all(
        connection,
        "SELECT id, job, number, state, attempts, attempts_max, fence, not_before, lease_until,"
            + " holder, replicas, need, worker, begun FROM task WHERE "
            + where,
        row ->
            new TaskRow(
                row.getLong(1),
                row.getLong(2),
                row.getInt(3),
                JobTables.of(JobTaskState.class, row.getInt(4)),
                row.getInt(5),
                row.getInt(6),
                row.getInt(7),
                row.getLong(8),
                row.getLong(9),
                row.getString(10),
                row.getInt(11),
                row.getString(12),
                row.getString(13),
                row.getLong(14)),
        values);
  }
}
