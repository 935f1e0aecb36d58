package dev.waggle.coordinator.job;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads all that another node has to know of a job that is frozen, and so does not change. */
final class JobExport {
  private static final String OF_JOB = "(SELECT id FROM job WHERE name = ?)";

  private final Connection connection;
  private final JobId job;

  private JobExport(Connection connection, JobId job) {
    this.connection = connection;
    this.job = job;
  }

  /** A job that is being handed over; empty for any other. */
  static Optional<JobParcel> read(Connection connection, JobId job) throws SQLException {
    Optional<JobSummary> summary =
        JobTables.one(
            connection,
            "SELECT " + JobTables.JOB_COLUMNS + " FROM job WHERE name = ?",
            JobTables::job,
            job.value());
    if (summary.isEmpty() || summary.get().state() != JobState.HANDING_OVER) {
      return Optional.empty();
    }
    return Optional.of(new JobExport(connection, job).parcel(summary.get()));
  }

  private record Row(
      TaskDraft draft,
      JobTaskState state,
      int attempts,
      long notBefore,
      Optional<String> result,
      Optional<String> error) {}

  private JobParcel parcel(JobSummary summary) throws SQLException {
    List<TaskDraft> drafts = new ArrayList<>();
    List<JobParcel.Task> tasks = new ArrayList<>();
    Map<Integer, Map<String, String>> steps = steps();
    for (Row each : rows(after())) {
      tasks.add(
          new JobParcel.Task(
              each.state(),
              each.attempts(),
              each.notBefore(),
              each.result(),
              each.error(),
              steps.getOrDefault(drafts.size(), Map.of())));
      drafts.add(each.draft());
    }
    JobDraft draft =
        new JobDraft(
            summary.kind(),
            summary.title(),
            summary.key(),
            summary.priority(),
            summary.deadline(),
            drafts);
    return new JobParcel(draft, Optional.of(begun(summary, tasks)));
  }

  private JobParcel.Begun begun(JobSummary summary, List<JobParcel.Task> tasks)
      throws SQLException {
    Instant created = summary.created();
    long before = Math.max(0, summary.lastEvent() - JobParcel.EVENTS_MAX);
    List<JobEvent> events = JobReader.events(connection, job, before, JobParcel.EVENTS_MAX);
    return JobTables.one(
            connection,
            "SELECT transfer, content FROM job WHERE name = ?",
            row ->
                new JobParcel.Begun(
                    job,
                    row.getString(1),
                    created,
                    HexFormat.of().formatHex(row.getBytes(2)),
                    tasks,
                    events),
            job.value())
        .orElseThrow();
  }

  private List<Row> rows(Map<Integer, List<Integer>> after) throws SQLException {
    return JobTables.all(
        connection,
        "SELECT work, number, name, attempts_max, replicas, state, attempts, not_before, result,"
            + " error FROM task WHERE job = "
            + OF_JOB
            + " ORDER BY number",
        row ->
            new Row(
                new TaskDraft(
                    row.getString(3),
                    after.getOrDefault(row.getInt(2), List.of()),
                    JobTables.work(row),
                    row.getInt(4),
                    row.getInt(5)),
                JobTables.of(JobTaskState.class, row.getInt(6)),
                row.getInt(7),
                row.getLong(8),
                Optional.ofNullable(row.getString(9)),
                Optional.ofNullable(row.getString(10))),
        job.value());
  }

  private Map<Integer, List<Integer>> after() throws SQLException {
    Map<Integer, List<Integer>> after = new HashMap<>();
    JobTables.all(
            connection,
            "SELECT t.number, n.number FROM dependency d JOIN task t ON t.id = d.task JOIN task n"
                + " ON n.id = d.needed WHERE t.job = "
                + OF_JOB
                + " ORDER BY t.number, n.number",
            row -> Map.entry(row.getInt(1), row.getInt(2)),
            job.value())
        .forEach(
            each ->
                after
                    .computeIfAbsent(each.getKey(), number -> new ArrayList<>())
                    .add(each.getValue()));
    return after;
  }

  private record Step(int task, String name, String result) {}

  private Map<Integer, Map<String, String>> steps() throws SQLException {
    Map<Integer, Map<String, String>> steps = new HashMap<>();
    JobTables.all(
            connection,
            "SELECT t.number, s.name, s.result FROM step s JOIN task t ON t.id = s.task WHERE"
                + " t.job = "
                + OF_JOB,
            row -> new Step(row.getInt(1), row.getString(2), row.getString(3)),
            job.value())
        .forEach(
            each ->
                steps
                    .computeIfAbsent(each.task(), number -> new HashMap<>())
                    .put(each.name(), each.result()));
    return steps;
  }
}
