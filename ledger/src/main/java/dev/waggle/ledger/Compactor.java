package dev.waggle.ledger;

import dev.waggle.ledger.file.DatabaseFile;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides when the ledger's file is written anew. The writer's thread uses it alone. */
final class Compactor {
  private static final Logger log = LoggerFactory.getLogger(Compactor.class);

  /** Smaller files are left alone, unless payloads were forgotten; bytes. */
  static final long BYTES_MIN = 64L << 20;

  /** How many times larger a file gets before it is written anew. */
  private static final int GROWTH = 2;

  private final DatabaseFile database;
  private final LongSupplier space;
  private final long bytesMin;
  private long dueAt;
  private @Nullable Compaction running;

  /**
   * @param space how many bytes the disk has left
   */
  Compactor(DatabaseFile database, LongSupplier space, long bytesMin) {
    this.database = database;
    this.space = space;
    this.bytesMin = bytesMin;
  }

  /** The file was opened. */
  void opened(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT compacted_bytes FROM disk")) {
      dueAt = Math.max(bytesMin, GROWTH * (row.next() ? row.getLong(1) : 0));
    }
  }

  /** Payloads were forgotten: what they took is to be free soon. */
  void hurry() {
    dueAt = 0;
  }

  /**
   * Begins or ends, if it is time.
   *
   * @return whether the file was replaced: the connection is of no use any more
   */
  boolean advance(Connection connection) throws SQLException {
    if (running == null) {
      long bytes = database.bytes();
      if (bytes >= dueAt && space.getAsLong() > bytes + LedgerWriter.SPACE_MIN) {
        running = Compaction.begin(database);
      }
      return false;
    }
    if (running.isFailed()) {
      stop();
      dueAt = GROWTH * database.bytes();
      return false;
    }
    long before = database.bytes();
    if (!running.isReady() || !running.swap(connection)) {
      return false;
    }
    running = null;
    log.info(
        "the ledger's file was {} MiB and is {} MiB now", before >> 20, database.bytes() >> 20);
    return true;
  }

  /** Gives up what runs. */
  void stop() {
    if (running != null) {
      running.cancel();
      running = null;
    }
  }
}
