package dev.waggle.ledger;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * A table's rows in the order of their sequence, a page at a time: H2 would gather the whole table
 * first. Not thread-safe.
 */
final class Pages implements AutoCloseable {
  private static final int ROWS = 1_024;

  private final PreparedStatement select;
  private ResultSet page;
  private long last;
  private int inPage;

  /**
   * @param columns those wanted; the first is the sequence
   */
  Pages(Connection connection, String columns, String table) throws SQLException {
    this.select =
        connection.prepareStatement(
            "SELECT "
                + columns
                + " FROM "
                + table
                + " WHERE sequence > ? ORDER BY sequence LIMIT "
                + ROWS);
    // Sought as readers seek it, so that an index that is damaged shows.
    this.last = 0;
    this.page = fetch();
  }

  private ResultSet fetch() throws SQLException {
    select.setLong(1, last);
    inPage = 0;
    return select.executeQuery();
  }

  /** Goes to the next row; false after the last. */
  boolean next() throws SQLException {
    boolean found = page.next();
    if (!found && inPage == ROWS) {
      page = fetch();
      found = page.next();
    }
    if (found) {
      inPage++;
      last = page.getLong(1);
    }
    return found;
  }

  /** The row now. */
  ResultSet row() {
    return page;
  }

  @Override
  public void close() throws SQLException {
    select.close();
  }
}
