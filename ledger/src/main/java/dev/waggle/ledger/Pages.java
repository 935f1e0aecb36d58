package dev.waggle.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Entries as they are stored, in their order, a page at a time: the next one is read while one is
 * looked at. Not thread-safe.
 */
final class Pages implements AutoCloseable {
  private static final int ROWS = 1_024;

  private final PreparedStatement select;
  private final Executor reader;
  private CompletableFuture<List<Row>> next;
  private Iterator<Row> page = List.<Row>of().iterator();

  /** A row. */
  record Row(long sequence, byte[] bytes, byte @Nullable [] payload, byte[] hash) {}

  /**
   * @param connection used by the reader alone from now on
   * @param last the last entry that is wanted
   * @param reader runs one thing at a time
   */
  Pages(Connection connection, long last, Executor reader) throws SQLException {
    this.reader = reader;
    this.select =
        connection.prepareStatement(
            // Sought as readers seek it, so that an index that is damaged shows.
            "SELECT sequence, bytes, payload, hash FROM entry WHERE sequence > ? AND sequence <= ?"
                + " ORDER BY sequence LIMIT "
                + ROWS);
    select.setLong(2, last);
    this.next = fetch(0);
  }

  private CompletableFuture<List<Row>> fetch(long after) {
    return CompletableFuture.supplyAsync(
        () -> {
          List<Row> rows = new ArrayList<>(ROWS);
          try {
            select.setLong(1, after);
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                rows.add(
                    new Row(row.getLong(1), row.getBytes(2), row.getBytes(3), row.getBytes(4)));
              }
            }
          } catch (SQLException e) {
            throw new CompletionException(e);
          }
          return rows;
        },
        reader);
  }

  /** The next row; null after the last. */
  @Nullable Row next() throws SQLException {
    if (!page.hasNext()) {
      List<Row> rows = take(next);
      page = rows.iterator();
      long last = rows.isEmpty() ? 0 : rows.get(rows.size() - 1).sequence();
      next = rows.size() == ROWS ? fetch(last) : CompletableFuture.completedFuture(List.of());
    }
    return page.hasNext() ? page.next() : null;
  }

  private static List<Row> take(CompletableFuture<List<Row>> page) throws SQLException {
    try {
      return page.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof SQLException cause ? cause : new SQLException(e);
    }
  }

  @Override
  public void close() throws SQLException {
    try {
      next.join();
    } catch (CompletionException e) {
      // Nobody waits for that page any more.
    }
    select.close();
  }
}
