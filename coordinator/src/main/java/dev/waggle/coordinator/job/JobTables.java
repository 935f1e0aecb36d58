package dev.waggle.coordinator.job;

import static dev.waggle.ledger.file.SmallDatabase.change;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.Priority;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is read from the tables of jobs, and how enumerations stand there. */
final class JobTables {
  private JobTables() {}

  /** A row's reader. */
  @FunctionalInterface
  interface Row<T> {
    T read(ResultSet row) throws SQLException;
  }

  static <T> List<T> all(Connection connection, String sql, Row<T> reader, Object... values)
      throws SQLException {
    List<T> found = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        select.setObject(i + 1, values[i]);
      }
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          found.add(reader.read(row));
        }
      }
    }
    return found;
  }

  static <T> Optional<T> one(Connection connection, String sql, Row<T> reader, Object... values)
      throws SQLException {
    return all(connection, sql, reader, values).stream().findFirst();
  }

  static long number(Connection connection, String sql, Object... values) throws SQLException {
    return one(connection, sql, row -> row.getLong(1), values).orElse(0L);
  }

  // The order of each enumeration never changes.
  @SuppressWarnings("EnumOrdinal")
  static int code(Enum<?> value) {
    return value.ordinal();
  }

  static <E extends Enum<E>> E of(Class<E> type, int code) {
    return type.getEnumConstants()[code];
  }

  static Optional<Instant> time(long millis) {
    return millis == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
  }

  static final String JOB_COLUMNS =
      "name, kind, title, member, client_key, priority, created, deadline, ended, state, total,"
          + " done, failed, canceled, last_event, coordinator";

  static JobSummary job(ResultSet row) throws SQLException {
    return new JobSummary(
        new JobId(row.getString(1)),
        of(JobKind.class, row.getInt(2)),
        row.getString(3),
        row.getString(4),
        row.getString(5),
        of(Priority.class, row.getInt(6)),
        Instant.ofEpochMilli(row.getLong(7)),
        time(row.getLong(8)),
        time(row.getLong(9)),
        of(JobState.class, row.getInt(10)),
        row.getInt(11),
        row.getInt(12),
        row.getInt(13),
        row.getInt(14),
        row.getLong(15),
        row.getString(16));
  }

  static final String TASK_COLUMNS =
      "number, name, state, attempts, attempts_max, holder, result, error";

  static JobTask task(ResultSet row) throws SQLException {
    return new JobTask(
        row.getInt(1),
        row.getString(2),
        of(JobTaskState.class, row.getInt(3)),
        row.getInt(4),
        row.getInt(5),
        row.getString(6),
        Optional.ofNullable(row.getString(7)),
        Optional.ofNullable(row.getString(8)));
  }

  /** What a task is to do. */
  static JobWork work(ResultSet row) throws SQLException {
    try {
      return JobWork.decode(row.getBytes(1));
    } catch (MalformedFrameException e) {
      throw new SQLException("a task of the jobs is damaged", e);
    }
  }

  static void setState(Connection connection, long task, JobTaskState state) throws SQLException {
    change(connection, "UPDATE task SET state = ? WHERE id = ?", code(state), task);
  }

  static void end(
      Connection connection,
      long task,
      JobTaskState state,
      @Nullable String result,
      @Nullable String error)
      throws SQLException {
    change(
        connection,
        "UPDATE task SET state = ?, lease_until = 0, result = ?, error = ? WHERE id = ?",
        code(state),
        result,
        error,
        task);
  }
}
