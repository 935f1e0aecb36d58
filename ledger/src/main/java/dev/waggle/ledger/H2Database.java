package dev.waggle.ledger;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.h2.api.ErrorCode;

/** The ledger's database file, and how it is opened. */
final class H2Database {
  private static final String USER = "waggle";
  private static final String MIGRATIONS = "classpath:dev/waggle/ledger/migration";

  private final String url;

  private H2Database(String url) {
    this.url = url;
  }

  /** Opens or creates the file and brings its schema up to date. */
  static H2Database open(Path file) throws LedgerException {
    return open(file, "file:");
  }

  /**
   * @param fileSystem which of H2's file systems has the file
   */
  static H2Database open(Path file, String fileSystem) throws LedgerException {
    // Closing belongs to the node, not to H2's own shutdown hook.
    String url = "jdbc:h2:" + fileSystem + base(file) + ";DB_CLOSE_ON_EXIT=FALSE;DB_CLOSE_DELAY=-1";
    H2Database database = new H2Database(url);
    try (Connection probe = database.connect()) {
      probe.getMetaData();
    } catch (SQLException e) {
      throw explain(file, e);
    }
    try {
      Flyway.configure()
          .dataSource(url, USER, "")
          .locations(MIGRATIONS)
          .loggers("slf4j")
          .load()
          .migrate();
    } catch (FlywayException e) {
      throw new LedgerException(
          file + " has a schema that this version does not know (use the version that wrote it)",
          e);
    }
    return database;
  }

  /** Opens an existing file for reading only. */
  static H2Database openReadOnly(Path file) throws LedgerException {
    H2Database database =
        new H2Database(
            "jdbc:h2:file:" + base(file) + ";ACCESS_MODE_DATA=r;IFEXISTS=TRUE;DB_CLOSE_DELAY=0");
    try (Connection probe = database.connect()) {
      probe.getMetaData();
    } catch (SQLException e) {
      throw explain(file, e);
    }
    return database;
  }

  Connection connect() throws SQLException {
    return DriverManager.getConnection(url, USER, "");
  }

  private static String base(Path file) {
    String name = file.toAbsolutePath().toString();
    return name.endsWith(".mv.db") ? name.substring(0, name.length() - ".mv.db".length()) : name;
  }

  private static LedgerException explain(Path file, SQLException e) {
    return switch (e.getErrorCode()) {
      case ErrorCode.DATABASE_ALREADY_OPEN_1 ->
          new LedgerException(
              file + " is in use by another process (stop the node that runs on this directory)",
              e);
      case ErrorCode.FILE_CORRUPTED_1 ->
          new LedgerException(file + " is damaged (restore it from a backup)", e);
      case ErrorCode.DATABASE_NOT_FOUND_WITH_IF_EXISTS_1, ErrorCode.DATABASE_NOT_FOUND_1 ->
          new LedgerException(file + " does not exist (has a node run on this directory?)", e);
      default -> new LedgerException(file + " cannot be opened: " + e.getMessage(), e);
    };
  }
}
