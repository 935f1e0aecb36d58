package dev.waggle.node.data;

import dev.waggle.ledger.file.DatabaseFile;
import dev.waggle.ledger.file.SmallDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** The node's own database, for everything but the ledger and the jobs. */
public final class NodeDatabase implements AutoCloseable {
  private static final String MIGRATIONS = "dev/waggle/node/migration";
  private static final String WORDS = "the node's database";

  private final SmallDatabase database;

  private NodeDatabase(SmallDatabase database) {
    this.database = database;
  }

  /**
   * Opens or creates the database and brings its schema up to date.
   *
   * @throws DataException if it is damaged, from a later version, or in use
   */
  public static NodeDatabase open(Path file) throws DataException {
    try {
      return new NodeDatabase(SmallDatabase.open(file, WORDS, MIGRATIONS));
    } catch (SQLException e) {
      throw new DataException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * @param compactMin from how many bytes on the file may be written anew
   */
  static NodeDatabase open(Path file, long compactMin) throws DataException {
    try {
      return new NodeDatabase(SmallDatabase.open(file, WORDS, MIGRATIONS, compactMin));
    } catch (SQLException e) {
      throw new DataException(String.valueOf(e.getMessage()), e);
    }
  }

  /** See {@link SmallDatabase#read}. */
  <T> T read(DatabaseFile.Query<T> query) {
    return database.read(query);
  }

  /** See {@link SmallDatabase#write}. */
  <T> T write(DatabaseFile.Query<T> change) {
    return database.write(change);
  }

  /** See {@link SmallDatabase#change}. */
  static int change(Connection connection, String sql, @Nullable Object... values)
      throws SQLException {
    return SmallDatabase.change(connection, sql, values);
  }

  @Override
  public void close() {
    database.close();
  }
}
