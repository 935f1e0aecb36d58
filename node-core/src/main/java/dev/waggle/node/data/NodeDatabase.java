package dev.waggle.node.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.h2.api.ErrorCode;
import org.h2.jdbcx.JdbcDataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node's own database, for everything but the ledger. */
public final class NodeDatabase implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(NodeDatabase.class);
  private static final String MIGRATIONS = "classpath:dev/waggle/node/migration";

  private final JdbcDataSource source;

  private NodeDatabase(JdbcDataSource source) {
    this.source = source;
  }

  /**
   * Opens or creates the database and brings its schema up to date.
   *
   * @throws DataException if it is damaged, from a later version, or in use
   */
  public static NodeDatabase open(Path file) throws DataException {
    String base = file.toAbsolutePath().toString().replaceAll("\\.mv\\.db$", "");
    JdbcDataSource source = new JdbcDataSource();
    source.setURL("jdbc:h2:file:" + base + ";DB_CLOSE_ON_EXIT=FALSE;DB_CLOSE_DELAY=-1");
    source.setUser("waggle");
    source.setPassword("");
    try (Connection probe = source.getConnection()) {
      probe.getMetaData();
    } catch (SQLException e) {
      throw explain(file, e);
    }
    try {
      Flyway.configure().dataSource(source).locations(MIGRATIONS).loggers("slf4j").load().migrate();
    } catch (FlywayException e) {
      throw new DataException(
          file + " has a schema that this version does not know (use the version that wrote it)",
          e);
    }
    return new NodeDatabase(source);
  }

  private static DataException explain(Path file, SQLException e) {
    return switch (e.getErrorCode()) {
      case ErrorCode.DATABASE_ALREADY_OPEN_1 ->
          new DataException(
              file + " is in use by another process (stop it, or choose another --data-dir)", e);
      case ErrorCode.FILE_CORRUPTED_1, ErrorCode.FILE_VERSION_ERROR_1 ->
          new DataException(file + " is damaged (restore it from a backup)", e);
      default -> new DataException(file + " cannot be opened: " + e.getMessage(), e);
    };
  }

  /** Something that is asked of the database. */
  interface Query<T> {
    T run(Connection connection) throws SQLException;
  }

  /**
   * Asks something.
   *
   * @throws UncheckedIOException if the database cannot be read
   */
  <T> T read(Query<T> query) {
    try (Connection connection = source.getConnection()) {
      return query.run(connection);
    } catch (SQLException e) {
      throw failed("read", e);
    }
  }

  /**
   * Changes something, wholly or not at all, and returns when that is on disk.
   *
   * @throws UncheckedIOException if the database cannot be written
   */
  <T> T write(Query<T> change) {
    try (Connection connection = source.getConnection()) {
      connection.setAutoCommit(false);
      // Closing without a commit rolls back.
      T result = change.run(connection);
      connection.commit();
      connection.setAutoCommit(true);
      try (Statement statement = connection.createStatement()) {
        // A commit alone does not reach the disk.
        statement.execute("CHECKPOINT SYNC");
      }
      return result;
    } catch (SQLException e) {
      throw failed("written", e);
    }
  }

  /** Runs one statement with these values; returns how many rows it changed. */
  static int change(Connection connection, String sql, @Nullable Object... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement.executeUpdate();
    }
  }

  private static UncheckedIOException failed(String what, SQLException e) {
    return new UncheckedIOException(
        new IOException("the node's database cannot be " + what + ": " + e.getMessage(), e));
  }

  @Override
  public void close() {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("SHUTDOWN");
    } catch (SQLException e) {
      log.warn("the node's database did not close in order: {}", e.getMessage());
    }
  }
}
