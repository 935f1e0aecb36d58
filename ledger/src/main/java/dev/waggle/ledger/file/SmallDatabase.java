package dev.waggle.ledger.file;

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

/**
 * A database that is changed by one at a time, and written anew when it has grown too much; it is
 * meant to stay so small that nobody waits long for that. Thread-safe.
 */
public final class SmallDatabase implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SmallDatabase.class);

  /** Smaller files are not written anew; bytes. */
  private static final long COMPACT_MIN = 8L << 20;

  /** How many times larger a file gets before it is written anew. */
  private static final int GROWTH = 4;

  private final DatabaseFile file;
  private final String name;
  private final Object writing = new Object();
  private long compactAt;

  private SmallDatabase(DatabaseFile file, String name, long compactAt) {
    this.file = file;
    this.name = name;
    this.compactAt = compactAt;
  }

  /**
   * Opens or creates the database and brings its schema up to date.
   *
   * @param name what people call it, for example {@code the node's database}
   * @param migrations the folder of the schema's steps on the class path
   * @throws SQLException if it is damaged, from a later version, or in use
   */
  public static SmallDatabase open(Path file, String name, String migrations) throws SQLException {
    return open(file, name, migrations, COMPACT_MIN);
  }

  /**
   * Opens it to be made smaller at another size than usual.
   *
   * @param compactMin from how many bytes on the file may be written anew
   */
  public static SmallDatabase open(Path file, String name, String migrations, long compactMin)
      throws SQLException {
    return new SmallDatabase(DatabaseFile.open(file, migrations), name, compactMin);
  }

  /**
   * Asks something.
   *
   * @throws UncheckedIOException if the database cannot be read
   */
  public <T> T read(DatabaseFile.Query<T> query) {
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
  public <T> T write(DatabaseFile.Query<T> change) {
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

  private void compact() {
    long before = file.bytes();
    try {
      DatabaseFile next = file.createNext();
      boolean done = false;
      try (Connection source = file.connect();
          Connection target = next.connect()) {
        done = file.replaceBy(next, () -> copy(source, target));
      } finally {
        if (!done) {
          next.discard();
        }
      }
      if (!done) {
        return;
      }
      log.info("{} was {} KiB and is {} now", name, before >> 10, file.bytes() >> 10);
    } catch (SQLException e) {
      log.warn("{} cannot be made smaller: {}", name, e.getMessage());
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
  public static int change(Connection connection, String sql, @Nullable Object... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement.executeUpdate();
    }
  }

  private UncheckedIOException failed(String what, SQLException e) {
    return new UncheckedIOException(
        new IOException(name + " cannot be " + what + ": " + e.getMessage(), e));
  }

  @Override
  public void close() {
    file.close();
  }
}
