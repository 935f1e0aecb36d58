package dev.waggle.coordinator.job;

import static dev.waggle.coordinator.job.JobTables.code;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes the tasks of a job that was begun elsewhere. */
final class TaskRows {
  private static final int INSERT_BATCH = 1_000;

  private final Connection connection;

  TaskRows(Connection connection) {
    this.connection = connection;
  }

  /**
   * @param first the number that the first task gets in the tables
   */
  void insert(long job, long first, JobParcel parcel, JobParcel.Begun begun) throws SQLException {
    List<TaskDraft> drafts = parcel.draft().tasks();
    try (PreparedStatement task =
            connection.prepareStatement(
                "INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, '', '', 0, ?, ?, ?, ?, ?)");
        PreparedStatement needed =
            connection.prepareStatement("INSERT INTO dependency VALUES (?, ?)");
        PreparedStatement step = connection.prepareStatement("INSERT INTO step VALUES (?, ?, ?)")) {
      for (int i = 0; i < drafts.size(); i++) {
        TaskDraft draft = drafts.get(i);
        JobParcel.Task now = begun.tasks().get(i);
        Set<Integer> after = Set.copyOf(draft.after());
        int missing =
            (int)
                after.stream()
                    .filter(each -> begun.tasks().get(each).state() != JobTaskState.DONE)
                    .count();
        task.setLong(1, first + i);
        task.setLong(2, job);
        task.setInt(3, i);
        task.setString(4, draft.name());
        task.setInt(5, code(state(now.state(), missing)));
        task.setInt(6, missing);
        task.setInt(7, now.attempts());
        task.setInt(8, draft.attempts());
        task.setLong(9, now.notBefore());
        task.setInt(10, draft.replicas());
        task.setString(11, draft.work().need());
        task.setBytes(12, draft.work().encode());
        task.setObject(13, now.result().orElse(null), Types.CLOB);
        task.setObject(14, now.error().orElse(null), Types.VARCHAR);
        task.addBatch();
        for (int each : after) {
          needed.setLong(1, first + i);
          needed.setLong(2, first + each);
          needed.addBatch();
        }
        for (Map.Entry<String, String> each : now.steps().entrySet()) {
          step.setLong(1, first + i);
          step.setString(2, each.getKey());
          step.setString(3, each.getValue());
          step.addBatch();
        }
        if ((i + 1) % INSERT_BATCH == 0) {
          task.executeBatch();
        }
      }
      task.executeBatch();
      needed.executeBatch();
      step.executeBatch();
    }
  }

  /** What comes after something that is not done waits, whoever says what. */
  private static JobTaskState state(JobTaskState said, int missing) {
    if (said.isOver()) {
      return said;
    }
    if (missing > 0) {
      return JobTaskState.BLOCKED;
    }
    return said == JobTaskState.BLOCKED ? JobTaskState.READY : said;
  }
}
