package dev.waggle.node.data;

import dev.waggle.worker.ProbeMemory;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Remembers over restarts which models continue what they did not write. Thread-safe. */
public final class ProbeStore implements ProbeMemory {
  /** The most models that are remembered. */
  private static final int MODELS_MAX = 4_096;

  private final NodeDatabase database;
  private final Map<String, Boolean> known = new ConcurrentHashMap<>();

  /** Reads what is known; blocks. */
  public ProbeStore(NodeDatabase database) {
    this.database = database;
    known.putAll(database.read(ProbeStore::load));
  }

  private static Map<String, Boolean> load(Connection connection) throws SQLException {
    Map<String, Boolean> found = new HashMap<>();
    try (PreparedStatement select =
            connection.prepareStatement(
                "SELECT engine, digest, resumable FROM model_probe LIMIT " + MODELS_MAX);
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        found.put(key(row.getString(1), row.getString(2)), row.getBoolean(3));
      }
    }
    return found;
  }

  private static String key(String engine, String digest) {
    return engine + " " + digest;
  }

  @Override
  public Optional<Boolean> resumable(String engine, String digest) {
    return Optional.ofNullable(known.get(key(engine, digest)));
  }

  /** On disk when this returns. */
  @Override
  public void remember(String engine, String digest, boolean resumable) {
    if (known.size() < MODELS_MAX) {
      known.put(key(engine, digest), resumable);
      database.write(
          connection ->
              NodeDatabase.change(
                  connection,
                  "MERGE INTO model_probe (engine, digest, resumable) KEY (engine, digest)"
                      + " VALUES (?, ?, ?)",
                  engine,
                  digest,
                  resumable));
    }
  }
}
