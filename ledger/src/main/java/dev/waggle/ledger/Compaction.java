package dev.waggle.ledger;

import dev.waggle.ledger.file.DatabaseFile;
import dev.waggle.ledger.file.RowCopy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the ledger's file anew without what is of no use in it, while entries are appended: a
 * thread copies what does not change any more; the writer adds what came since and swaps the files,
 * which takes it a moment however long the log is.
 *
 * <p>The writer uses it, but for the copying.
 */
final class Compaction {
  private static final Logger log = LoggerFactory.getLogger(Compaction.class);

  /** Rows of one step; readers, the writer, and all else that the node does get their turn. */
  private static final int STEP = 100;

  /** How many steps share a commit. */
  private static final int COMMIT_STEPS = 10;

  /** How long it takes rests at most; a log that grows faster is copied without them then. */
  private static final Duration GENTLE = Duration.ofMinutes(2);

  /** How many times as long as its step a rest takes: the node's work comes first. */
  private static final int REST = 9;

  private static final String AFTER = "WHERE sequence > ? ORDER BY sequence LIMIT " + STEP;

  private final DatabaseFile from;
  private final Thread thread;
  private final DatabaseFile to;

  // How many tiles of each level are copied. Used by one thread after the other.
  private final long[] tiles = new long[Long.SIZE / Tiles.HEIGHT];
  private volatile boolean ready;
  private volatile boolean failed;
  private final CountDownLatch cancelled = new CountDownLatch(1);
  private final Duration gentle;

  private Compaction(DatabaseFile from, DatabaseFile to, boolean hurry) {
    this.from = from;
    this.to = to;
    this.gentle = hurry ? Duration.ZERO : GENTLE;
    this.thread = new Thread(this::copy, "ledger-compaction");
    thread.setDaemon(true);
  }

  /**
   * @param hurry whether it is not to take rests
   */
  static Compaction begin(DatabaseFile database, boolean hurry) throws SQLException {
    Compaction compaction = new Compaction(database, database.createNext(), hurry);
    compaction.thread.start();
    return compaction;
  }

  /** Whether all is copied but for what came in the last moment. */
  boolean isReady() {
    return ready;
  }

  boolean isFailed() {
    return failed;
  }

  private void copy() {
    // The file is not replaced before this has ended, so one connection serves for all of it.
    try (Connection source = from.connect();
        Connection target = to.connect()) {
      target.setAutoCommit(false);
      long gentleUntil = System.nanoTime() + gentle.toNanos();
      boolean more = true;
      for (int steps = 1; more && !isCancelled(); steps++) {
        long begin = System.nanoTime();
        more = step(source, target);
        if (steps % COMMIT_STEPS == 0 || !more) {
          target.commit();
        }
        long now = System.nanoTime();
        if (more && now - gentleUntil < 0) {
          more = !cancelled.await(REST * (now - begin), TimeUnit.NANOSECONDS);
        }
      }
      DatabaseFile.force(target);
      ready = !isCancelled();
    } catch (InterruptedException e) {
      failed = true;
    } catch (SQLException e) {
      if (!isCancelled()) {
        log.warn("the ledger's file cannot be made smaller: {}", e.getMessage());
      }
      failed = true;
    }
  }

  private boolean isCancelled() {
    return cancelled.getCount() == 0;
  }

  /** Copies the next rows of what is only ever appended; whether there may be more. */
  private boolean step(Connection source, Connection target) throws SQLException {
    int most = 0;
    for (String table : new String[] {"entry", "receipt"}) {
      most = Math.max(most, RowCopy.copy(source, target, table, AFTER, last(target, table)));
    }
    if (most == STEP) {
      return true; // There are few tiles; they come last.
    }
    for (int level = 0; level < tiles.length; level++) {
      int copied =
          RowCopy.copy(
              source,
              target,
              "tile",
              "WHERE level = ? AND place >= ? ORDER BY place LIMIT " + STEP,
              level,
              tiles[level]);
      tiles[level] += copied;
      most = Math.max(most, copied);
    }
    return most == STEP;
  }

  private static long last(Connection target, String table) throws SQLException {
    try (Statement statement = target.createStatement();
        ResultSet row = statement.executeQuery("SELECT MAX(sequence) FROM " + table)) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  /**
   * Swaps the files, if nobody reads just now. The writer's connection is of no use afterwards.
   *
   * @return whether it was done
   */
  boolean swap(Connection source) throws SQLException {
    try (Connection target = to.connect()) {
      target.setAutoCommit(false);
      return from.replaceBy(to, () -> finish(source, target));
    }
  }

  private void finish(Connection source, Connection target) throws SQLException {
    boolean more = true;
    while (more) {
      more = step(source, target);
    }
    RowCopy.copy(source, target, "head", "");
    RowCopy.copy(source, target, "settlement", "");
    RowCopy.copy(source, target, "owed", "");
    target.commit();
    for (String table : new String[] {"entry", "head", "receipt"}) {
      if (last(source, table) != last(target, table)) {
        throw new SQLException("the copy of table " + table + " is not whole");
      }
    }
    DatabaseFile.force(target);
  }

  /** Gives up; the file that it wrote is gone when this returns. */
  void cancel() {
    cancelled.countDown();
    try {
      thread.join();
      to.discard();
    } catch (SQLException e) {
      log.warn("{}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
