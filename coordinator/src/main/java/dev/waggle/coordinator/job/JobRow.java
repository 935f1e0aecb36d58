package dev.waggle.coordinator.job;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * What the queue's writing thread reads of a job.
 *
 * @param coordinator who has it or is to have it; empty for this node
 * @param transfer tells apart how often it was handed over; empty for never
 */
record JobRow(
    long id,
    String member,
    int priority,
    long deadline,
    JobState state,
    long lastEvent,
    String coordinator,
    String transfer) {
  static Optional<JobRow> find(Connection connection, JobId job) throws SQLException {
    return JobTables.one(
        connection,
        "SELECT id, member, priority, deadline, state, last_event, coordinator, transfer FROM job"
            + " WHERE name = ?",
        row ->
            new JobRow(
                row.getLong(1),
                row.getString(2),
                row.getInt(3),
                row.getLong(4),
                JobTables.of(JobState.class, row.getInt(5)),
                row.getLong(6),
                row.getString(7),
                row.getString(8)),
        job.value());
  }

  static JobRow require(Connection connection, JobId job) throws SQLException, JobException {
    return find(connection, job).orElseThrow(() -> unknown(job));
  }

  static JobException unknown(JobId job) {
    return new JobException(
        JobException.Kind.UNKNOWN, "this node knows no job " + job + " (try: waggle job list)");
  }
}
