package dev.waggle.ledger.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.h2.api.ErrorCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An H2 database in a file of its own, opened so that a crash at any moment leaves all that was
 * {@linkplain #force forced}. Thread-safe.
 *
 * <p>H2 finds its last commit after a crash by following one chunk of the file to the next. A chunk
 * that is written where an older one was breaks that path until the file's header is written, too:
 * whoever is killed in between loses commits that were forced. So the file only ever grows, and is
 * written anew when too much of it is of no use. Nor may H2 write in the background, where a chunk
 * can reach the file before the one that lists it.
 */
public final class DatabaseFile implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DatabaseFile.class);
  private static final String USER = "waggle";
  private static final String SUFFIX = ".mv.db";
  private static final String NEW_SUFFIX = ".new" + SUFFIX;

  private static final String DURABLE =
      ";REUSE_SPACE=FALSE;WRITE_DELAY=0;MAX_COMPACT_TIME=0"
          // Bytes: a commit of one row writes all pages that it touches, a reader passes each.
          + ";PAGE_SIZE=8192"
          // KiB: H2 would take a sixteenth of the heap, and be slower at reading all of a file.
          // Written pages that stay longer are only copied by the collector.
          + ";CACHE_SIZE=2048"
          // Statements are prepared where they are used; H2 keeps what it made of as many.
          + ";QUERY_CACHE_SIZE=64"
          // Closing belongs to the node, not to H2's own shutdown hook.
          + ";DB_CLOSE_ON_EXIT=FALSE;DB_CLOSE_DELAY=-1";

  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);
  private static final Duration QUIET_MAX = Duration.ofMillis(20);

  static {
    // H2 would hash each value that it reads, to keep one of those that are equal. None are here.
    if (System.getProperty("h2.objectCache") == null) {
      System.setProperty("h2.objectCache", "false");
    }
  }

  private final Path file;
  private final String url;
  private final String migrations;
  private final ReadWriteLock use = new ReentrantReadWriteLock();

  private DatabaseFile(Path file, String url, String migrations) {
    this.file = file;
    this.url = url;
    this.migrations = migrations;
  }

  /** Something that is asked of the database. */
  @FunctionalInterface
  public interface Query<T> {
    /** Asks it. */
    T run(Connection connection) throws SQLException;
  }

  /** Something that is done to databases. */
  @FunctionalInterface
  public interface Step {
    /** Does it. */
    void run() throws SQLException;
  }

  /**
   * Opens or creates the file and brings its schema up to date.
   *
   * @param file its name ends in {@code .mv.db}
   * @param migrations the folder of the schema's steps on the class path
   * @throws SQLException if it is damaged, in use or of a later version; the message names the file
   *     and the remedy
   */
  public static DatabaseFile open(Path file, String migrations) throws SQLException {
    return open(file, "file:", migrations);
  }

  /**
   * Opens it within another of H2's file systems.
   *
   * @param fileSystem its scheme and a colon
   */
  public static DatabaseFile open(Path file, String fileSystem, String migrations)
      throws SQLException {
    DatabaseFile database =
        new DatabaseFile(file, "jdbc:h2:" + fileSystem + base(file) + DURABLE, migrations);
    try {
      // Left by a crash while it was written.
      Files.deleteIfExists(database.newFile());
      database.connect().close();
      Flyway.configure()
          .dataSource(database.url, USER, "")
          .locations("classpath:" + migrations)
          .loggers("slf4j")
          .load()
          .migrate();
    } catch (SQLException e) {
      throw explain(file, e);
    } catch (IOException e) {
      throw new SQLException(database.newFile() + " cannot be deleted: " + e.getMessage(), e);
    } catch (FlywayException e) {
      throw new SQLException(
          file + " has a schema that this version does not know (use the version that wrote it)",
          e);
    }
    return database;
  }

  /** Opens an existing file for reading only. */
  public static DatabaseFile openReadOnly(Path file) throws SQLException {
    DatabaseFile database =
        new DatabaseFile(
            file,
            "jdbc:h2:file:" + base(file) + ";ACCESS_MODE_DATA=r;IFEXISTS=TRUE;DB_CLOSE_DELAY=0",
            "");
    try {
      database.connect().close();
    } catch (SQLException e) {
      throw explain(file, e);
    }
    return database;
  }

  private static String base(Path file) {
    String name = file.toAbsolutePath().toString();
    return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
  }

  private static SQLException explain(Path file, SQLException e) {
    String trouble =
        switch (e.getErrorCode()) {
          case ErrorCode.DATABASE_ALREADY_OPEN_1 ->
              " is in use by another process (stop it, or choose another --data-dir)";
          case ErrorCode.FILE_CORRUPTED_1, ErrorCode.FILE_VERSION_ERROR_1 ->
              " is damaged (restore it from a backup)";
          case ErrorCode.DATABASE_NOT_FOUND_WITH_IF_EXISTS_1, ErrorCode.DATABASE_NOT_FOUND_1 ->
              " does not exist (has a node run on this directory?)";
          default -> " cannot be opened: " + e.getMessage();
        };
    return new SQLException(file + trouble, e.getSQLState(), e.getErrorCode(), e);
  }

  /** Asks something; the file is not replaced meanwhile. */
  public <T> T read(Query<T> query) throws SQLException {
    use.readLock().lock();
    try (Connection connection = connect()) {
      return query.run(connection);
    } finally {
      use.readLock().unlock();
    }
  }

  /** A connection for who writes alone, and so knows when the file is replaced. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(url, USER, "");
  }

  /** Returns when all that was committed is on disk; a commit alone does not reach it. */
  public static void force(Connection connection) throws SQLException {
    execute(connection, "CHECKPOINT SYNC");
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** How large the file is, in bytes; 0 if that cannot be said. */
  public long bytes() {
    return file.toFile().length();
  }

  /** Lets go of a file whose disk failed; the next connection reads what is there anew. */
  public void abandon() {
    try (Connection connection = connect()) {
      execute(connection, "SHUTDOWN IMMEDIATELY");
    } catch (SQLException e) {
      log.debug("{} was closed already: {}", file, e.getMessage());
    }
  }

  /** Begins an empty file of the same schema that is to replace this one. */
  public DatabaseFile createNext() throws SQLException {
    try {
      Files.deleteIfExists(newFile());
    } catch (IOException e) {
      throw new SQLException(newFile() + " cannot be deleted: " + e.getMessage(), e);
    }
    return open(newFile(), migrations);
  }

  private Path newFile() {
    return Path.of(base(file) + NEW_SUFFIX);
  }

  /**
   * Puts another file in this one's place. Connections to both are of no use afterwards.
   *
   * @param last what the other one still lacks; nobody reads or replaces this one meanwhile
   * @return false if this one is being read, which is tried for 20 ms; nothing was done then
   * @throws SQLException if either cannot be read or written; this one is as it was
   */
  public boolean replaceBy(DatabaseFile next, Step last) throws SQLException {
    try {
      if (!use.writeLock().tryLock(QUIET_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        return false;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    try {
      last.run();
      next.shutDown();
      forceFile(next.file);
      shutDown();
      Files.move(
          next.file, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      forceFile(file.toAbsolutePath().resolveSibling("."));
      return true;
    } catch (IOException e) {
      throw new SQLException(file + " cannot be replaced: " + e.getMessage(), e);
    } finally {
      use.writeLock().unlock();
    }
  }

  private static void forceFile(Path path) throws IOException {
    boolean directory = Files.isDirectory(path);
    if (directory && System.getProperty("os.name", "").startsWith("Windows")) {
      // It has no such call, and keeps names by itself.
      return;
    }
    StandardOpenOption mode = directory ? StandardOpenOption.READ : StandardOpenOption.WRITE;
    try (FileChannel channel = FileChannel.open(path, mode)) {
      channel.force(true);
    }
  }

  /** Closes it and deletes the file. */
  public void discard() throws SQLException {
    abandon();
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new SQLException(file + " cannot be deleted: " + e.getMessage(), e);
    }
  }

  private void shutDown() throws SQLException {
    try (Connection connection = connect()) {
      execute(connection, "SHUTDOWN");
    }
  }

  /** Waits at most five seconds for who still reads; later reads fail. */
  @Override
  public void close() {
    boolean quiet = false;
    try {
      quiet = use.writeLock().tryLock(CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS);
      shutDown();
    } catch (SQLException e) {
      log.warn("{} did not close in order: {}", file, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (quiet) {
        use.writeLock().unlock();
      }
    }
  }
}
