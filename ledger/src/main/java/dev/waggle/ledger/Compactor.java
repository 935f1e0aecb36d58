package dev.waggle.ledger;

import dev.waggle.ledger.file.DatabaseFile;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides when the ledger's file is written anew. The writer's thread uses it alone. */
final class Compactor {
  private static final Logger log = LoggerFactory.getLogger(Compactor.class);

  /**
   * How much of a file may be of no use while the node is busy, unless payloads were forgotten, or
   * the content is more; bytes.
   */
  static final long WASTE_MAX = 1L << 30;

  /** As one of so many parts of it while nothing is written: then the copying costs nobody time. */
  private static final int AT_REST = 16;

  /** As one of so many parts of what the disk has left, at most. */
  private static final int SPACE_PART = 8;

  /** How much a file grows before its content is estimated again, in percent. */
  private static final int ESTIMATE_STEP = 125;

  /** How long until the files are tried to be swapped again. */
  private static final Duration TRY_STEP = Duration.ofMillis(500);

  private static final int SAMPLES = 64;

  /** How many times its estimate the content may take. */
  private static final int CONTENT_ROOM = 2;

  /**
   * What an entry takes beside its bytes and payload: its hash twice, its keys, its part of pages.
   */
  private static final int ENTRY_OVERHEAD = 120;

  private final DatabaseFile database;
  private final LongSupplier space;
  private final long wasteMax;
  private long estimateAt;
  private boolean hurry;
  private long lastTry = System.nanoTime() - TRY_STEP.toNanos();
  private @Nullable Compaction running;

  /**
   * @param space how many bytes the disk has left
   * @param wasteMax how many bytes of the file may be of no use, if the content is not more
   */
  Compactor(DatabaseFile database, LongSupplier space, long wasteMax) {
    this.database = database;
    this.space = space;
    this.wasteMax = wasteMax;
  }

  /** Payloads were forgotten: what they took is to be free soon. */
  void hurry() {
    hurry = true;
  }

  /**
   * Begins or ends, if it is time.
   *
   * @param entries how many there are
   * @param resting whether nothing was written for a while
   * @param changing whether what would be copied is about to change
   * @return whether the file was replaced: the connection is of no use any more
   */
  boolean advance(Connection connection, long entries, boolean resting, BooleanSupplier changing)
      throws SQLException {
    if (running == null) {
      if (isDue(connection, entries, resting) && !changing.getAsBoolean()) {
        boolean hurried = hurry;
        hurry = false;
        running = Compaction.begin(database, hurried);
      }
      return false;
    }
    if (running.isFailed()) {
      stop();
      return false;
    }
    if (!running.isReady() || System.nanoTime() - lastTry < TRY_STEP.toNanos()) {
      return false;
    }
    long before = database.bytes();
    if (!running.swap(connection)) {
      // Somebody reads, perhaps for long: what is to be written does not wait for him each time.
      lastTry = System.nanoTime();
      return false;
    }
    running = null;
    estimateAt = 0;
    log.info(
        "the ledger's file was {} KiB and is {} KiB now", before >> 10, database.bytes() >> 10);
    return true;
  }

  private boolean isDue(Connection connection, long entries, boolean resting) throws SQLException {
    long bytes = database.bytes();
    long left = space.getAsLong();
    long waste = Math.min(resting ? wasteMax / AT_REST : wasteMax, left / SPACE_PART);
    if (!hurry && bytes < Math.max(waste, estimateAt)) {
      return false;
    }
    estimateAt = bytes / 100 * ESTIMATE_STEP;
    long content = content(connection, entries);
    boolean fits = left >= Math.min(bytes, CONTENT_ROOM * content) + LedgerWriter.SPACE_MIN;
    return fits && (hurry || bytes - content > Math.max(content, waste));
  }

  /** How large a file without waste would be, by some entries all over the log; bytes. */
  private static long content(Connection connection, long entries) throws SQLException {
    long sum = 0;
    int found = 0;
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT LENGTH(bytes) + COALESCE(LENGTH(payload), 0) FROM entry WHERE sequence = ?")) {
      for (int i = 0; i < SAMPLES; i++) {
        select.setLong(1, 1 + i * (entries - 1) / SAMPLES);
        try (ResultSet row = select.executeQuery()) {
          if (row.next()) {
            sum += row.getLong(1);
            found++;
          }
        }
      }
    }
    return found == 0 ? 0 : entries * (sum / found + ENTRY_OVERHEAD);
  }

  /** Gives up what runs. */
  void stop() {
    if (running != null) {
      running.cancel();
      running = null;
    }
  }
}
