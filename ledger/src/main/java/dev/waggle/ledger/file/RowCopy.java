package dev.waggle.ledger.file;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Copies rows of a table to the table of the same name in another database. */
public final class RowCopy {
  private static final int BATCH = 256;

  private RowCopy() {}

  /**
   * Copies some rows; the receiving side's transaction is the caller's.
   *
   * @param rest what follows the table's name in a SELECT, with places for the values
   * @return how many
   */
  public static int copy(
      Connection from, Connection to, String table, String rest, Object... values)
      throws SQLException {
    try (PreparedStatement select = from.prepareStatement("SELECT * FROM " + table + " " + rest)) {
      for (int i = 0; i < values.length; i++) {
        select.setObject(i + 1, values[i]);
      }
      try (ResultSet row = select.executeQuery()) {
        return insert(row, to, table);
      }
    }
  }

  private static int insert(ResultSet row, Connection to, String table) throws SQLException {
    int columns = row.getMetaData().getColumnCount();
    String places = "?, ".repeat(columns - 1) + "?";
    int count = 0;
    try (PreparedStatement insert =
        to.prepareStatement("INSERT INTO " + table + " VALUES (" + places + ")")) {
      while (row.next()) {
        for (int i = 1; i <= columns; i++) {
          insert.setObject(i, row.getObject(i));
        }
        insert.addBatch();
        if (++count % BATCH == 0) {
          insert.executeBatch();
        }
      }
      if (count % BATCH > 0) {
        insert.executeBatch();
      }
    }
    return count;
  }
}
