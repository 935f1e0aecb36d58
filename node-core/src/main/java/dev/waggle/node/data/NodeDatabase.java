package dev.waggle.node.data;

import dev.waggle.ledger.file.DatabaseFile;
import dev.waggle.ledger.file.RowCopy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node's own database, for everything but the ledger. */
public final class NodeDatabase implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(NodeDatabase.class);
  private static final String MIGRATIONS = "dev/waggle/node/migration";

  /** Smaller files are not written anew; bytes. */
  private static final long COMPACT_MIN = 8L << 20;

  /** How many times larger a file gets before it is written anew. */
  private static final int GROWTH = 4;

  private final DatabaseFile file;
  private final Object writing = new Object();
  private long compactAt;

  private NodeDatabase(DatabaseFile file, long compactAt) {
    this.file = file;
    this.compactAt = compactAt;
  }

  /**
   * Opens or creates the database and brings its schema up to date.
   *
   * @throws DataException if it is damaged, from a later version, or in use
   */
  public static NodeDatabase open(Path file) throws DataException {
    return open(file, COMPACT_MIN);
  }

  /**
   * @param compactMin from how many bytes on the file may be written anew
   */
  static NodeDatabase open(Path file, long compactMin) throws DataException {
    try {
      return new NodeDatabase(DatabaseFile.open(file, MIGRATIONS), compactMin);
    } catch (SQLException e) {
      throw new DataException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Asks something.
   *
   * @throws UncheckedIOException if the database cannot be read
   */
  <T> T read(DatabaseFile.Query<T> query) {
    try {
      return file.read(query);
    } catch (SQLException e) {
      throw failed("read", e);
    }
  }

  /**
   * Changes something, wholly or not at all, and returns when that is on disk. One change is made
   * at a time.
   *
   * @throws UncheckedIOException if the database cannot be written
   */
  <T> T write(DatabaseFile.Query<T> change) {
    synchronized (writing) {
      T result;
      try (Connection connection = file.connect()) {
        connection.setAutoCommit(false);
        // Closing without a commit rolls back.
        result = change.run(connection);
        connection.commit();
        DatabaseFile.force(connection);
      } catch (SQLException e) {
        throw failed("written", e);
      }
      if (file.bytes() >= compactAt) {
        compact();
      }
      return result;
    }
  }

  /** It is small: nobody waits long. */
  private void compact() {
    long before = file.bytes();
    try {
      DatabaseFile next = file.createNext();
      try (Connection source = file.connect();
          Connection target = next.connect()) {
        if (!file.replaceBy(next, () -> copy(source, target))) {
          next.discard();
          return;
        }
      }
      log.info("the node's database was {} KiB and is {} now", before >> 10, file.bytes() >> 10);
    } catch (SQLException e) {
      log.warn("the node's database cannot be made smaller: {}", e.getMessage());
    }
    compactAt = Math.max(compactAt, GROWTH * file.bytes());
  }

  private static void copy(Connection source, Connection target) throws SQLException {
    target.setAutoCommit(false);
    List<String> tables = new ArrayList<>();
    try (Statement statement = source.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'PUBLIC'"
                    + " AND table_name <> 'flyway_schema_history'")) {
      while (row.next()) {
        tables.add(row.getString(1));
      }
    }
    for (String table : tables) {
      RowCopy.copy(source, target, table, "");
    }
    target.commit();
    DatabaseFile.force(target);
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
    file.close();
  }
}
