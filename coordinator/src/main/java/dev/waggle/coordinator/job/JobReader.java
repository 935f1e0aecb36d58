package dev.waggle.coordinator.job;

import dev.waggle.ledger.file.SmallDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What anybody may ask about jobs; reads the disk. Thread-safe. */
final class JobReader {
  private static final String OF_JOB = "(SELECT id FROM job WHERE name = ?)";

  private final SmallDatabase database;

  JobReader(SmallDatabase database) {
    this.database = database;
  }

  Optional<JobSummary> job(JobId job) {
    return database.read(
        connection ->
            JobTables.one(
                connection,
                "SELECT " + JobTables.JOB_COLUMNS + " FROM job WHERE name = ?",
                JobTables::job,
                job.value()));
  }

  List<JobSummary> jobs(int max) {
    return database.read(
        connection ->
            JobTables.all(
                connection,
                "SELECT " + JobTables.JOB_COLUMNS + " FROM job ORDER BY id DESC LIMIT ?",
                JobTables::job,
                max));
  }

  List<JobTask> tasks(JobId job, int from, int max) {
    return database.read(
        connection ->
            JobTables.all(
                connection,
                "SELECT "
                    + JobTables.TASK_COLUMNS
                    + " FROM task WHERE job = "
                    + OF_JOB
                    + " AND number >= ? ORDER BY number LIMIT ?",
                JobTables::task,
                job.value(),
                from,
                max));
  }

  Optional<JobWork> work(JobId job, int number) {
    return database.read(
        connection ->
            JobTables.one(
                connection,
                "SELECT work FROM task WHERE job = " + OF_JOB + " AND number = ?",
                JobTables::work,
                job.value(),
                number));
  }

  List<JobEvent> events(JobId job, long after, int max) {
    return database.read(connection -> events(connection, job, after, max));
  }

  static List<JobEvent> events(Connection connection, JobId job, long after, int max)
      throws SQLException {
    return JobTables.all(
        connection,
        "SELECT number, time, kind, task, detail FROM event WHERE job = "
            + OF_JOB
            + " AND number > ? ORDER BY number LIMIT ?",
        row ->
            new JobEvent(
                row.getLong(1),
                Instant.ofEpochMilli(row.getLong(2)),
                JobTables.of(JobEvent.Kind.class, row.getInt(3)),
                row.getInt(4) < 0 ? OptionalInt.empty() : OptionalInt.of(row.getInt(4)),
                row.getString(5)),
        job.value(),
        after,
        max);
  }

  Optional<JobParcel> parcel(JobId job) {
    return database.read(connection -> JobExport.read(connection, job));
  }

  List<JobSummary> jobsOf(String member, int max) {
    return database.read(
        connection ->
            JobTables.all(
                connection,
                "SELECT "
                    + JobTables.JOB_COLUMNS
                    + " FROM job WHERE member = ? ORDER BY id DESC LIMIT ?",
                JobTables::job,
                member,
                max));
  }

  List<JobId> leaving() {
    return database.read(
        connection ->
            JobTables.all(
                connection,
                "SELECT name FROM job WHERE state = ? ORDER BY id",
                row -> new JobId(row.getString(1)),
                JobTables.code(JobState.HANDING_OVER)));
  }

  Optional<String> transfer(JobId job) {
    return database
        .read(connection -> JobRow.find(connection, job))
        .filter(row -> row.state().isLeaving())
        .map(JobRow::transfer);
  }

  Optional<String> elsewhere(JobId job) {
    return database.read(
        connection ->
            JobTables.one(
                connection,
                "SELECT coordinator FROM job WHERE name = ? AND state = ? UNION ALL"
                    + " SELECT coordinator FROM elsewhere WHERE name = ? AND NOT EXISTS (SELECT 1"
                    + " FROM job WHERE name = ?)",
                row -> row.getString(1),
                job.value(),
                JobTables.code(JobState.HANDED_OVER),
                job.value(),
                job.value()));
  }

  List<String> coordinators(int max) {
    return database.read(
        connection ->
            JobTables.all(
                connection,
                "SELECT coordinator FROM job WHERE state = ? UNION SELECT coordinator FROM elsewhere"
                    + " LIMIT ?",
                row -> row.getString(1),
                JobTables.code(JobState.HANDED_OVER),
                max));
  }

  Optional<String> step(long task, String name) {
    return database.read(
        connection ->
            JobTables.one(
                connection,
                "SELECT result FROM step WHERE task = ? AND name = ?",
                row -> row.getString(1),
                task,
                name));
  }

  int trust(String worker) {
    return database.read(
        connection ->
            (int)
                JobTables.number(connection, "SELECT agreed FROM trust WHERE worker = ?", worker));
  }
}
