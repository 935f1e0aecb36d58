package dev.waggle.node.data;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Instant;

/** Remembers a pause over a restart. Blocks; thread-safe. */
public final class PauseStore {
  private final NodeDatabase database;

  public PauseStore(NodeDatabase database) {
    this.database = database;
  }

  /** Until when the node is paused; the past when it is not. */
  public Instant until() {
    return database.read(
        connection -> {
          try (PreparedStatement select =
                  connection.prepareStatement("SELECT until_ms FROM pause");
              ResultSet row = select.executeQuery()) {
            return row.next() ? Instant.ofEpochMilli(row.getLong(1)) : Instant.EPOCH;
          }
        });
  }

  /** Keeps it; on disk when this returns. */
  public void save(Instant until) {
    database.write(
        connection ->
            NodeDatabase.change(
                connection,
                "MERGE INTO pause (id, until_ms) KEY (id) VALUES (1, ?)",
                until.toEpochMilli()));
  }
}
