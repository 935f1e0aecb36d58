package dev.waggle.node.data;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The faults of members that this node saw, and the evidence. Blocks; thread-safe. */
public final class FaultStore {
  /** The most that are kept; the oldest goes first. */
  public static final int MAX = 1_000;

  private final NodeDatabase database;

  public FaultStore(NodeDatabase database) {
    this.database = database;
  }

  /**
   * A fault as it is kept.
   *
   * @param id what people call it by
   */
  public record Kept(long id, Conduct.Observed observed) {}

  /** Keeps one; on disk when this returns. */
  public void save(Conduct.Observed observed) {
    database.write(
        connection -> {
          NodeDatabase.change(
              connection,
              "INSERT INTO fault (id, peer, kind, observed_ms, evidence)"
                  + " VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM fault), ?, ?, ?, ?)",
              observed.peer().toString(),
              observed.fault().name(),
              observed.time().toEpochMilli(),
              observed.evidence());
          return NodeDatabase.change(
              connection, "DELETE FROM fault WHERE id <= (SELECT MAX(id) FROM fault) - ?", MAX);
        });
  }

  /** Those that are kept, the latest first. */
  public List<Kept> all() {
    return database.read(
        connection -> {
          List<Kept> all = new ArrayList<>();
          try (PreparedStatement select =
                  connection.prepareStatement(
                      "SELECT id, peer, kind, observed_ms, evidence FROM fault"
                          + " ORDER BY id DESC LIMIT "
                          + MAX);
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              all.add(
                  new Kept(
                      row.getLong(1),
                      new Conduct.Observed(
                          PeerId.parse(row.getString(2)),
                          Fault.valueOf(row.getString(3)),
                          Instant.ofEpochMilli(row.getLong(4)),
                          row.getBytes(5))));
            }
          }
          return all;
        });
  }
}
