package dev.waggle.node.data;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.tlog.Fork;
import dev.waggle.ledger.tlog.MalformedCheckpointException;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The last cosigned checkpoint of every record, this node's own among them, and proofs of forks. In
 * another file than the ledger, so that one that was put back shows. Blocks; thread-safe.
 */
public final class CheckpointStore {
  private final NodeDatabase database;

  public CheckpointStore(NodeDatabase database) {
    this.database = database;
  }

  /** The last one of a node. */
  public Optional<SignedCheckpoint> of(PeerId log) {
    return database.read(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement("SELECT note FROM checkpoint WHERE log = ?")) {
            select.setString(1, log.toString());
            try (ResultSet row = select.executeQuery()) {
              return row.next()
                  ? Optional.of(SignedCheckpoint.parse(row.getString(1)))
                  : Optional.empty();
            }
          } catch (MalformedCheckpointException e) {
            throw new SQLException("a stored checkpoint is damaged: " + e.getMessage(), e);
          }
        });
  }

  /** Keeps one instead of an earlier one; on disk when this returns. */
  public void save(SignedCheckpoint checkpoint) {
    database.write(
        connection ->
            NodeDatabase.change(
                connection,
                "MERGE INTO checkpoint (log, note) KEY (log) VALUES (?, ?)",
                checkpoint.checkpoint().log().toString(),
                checkpoint.note()));
  }

  /** Keeps the proof that a node told two stories, once for each node. */
  public void save(Fork fork) {
    database.write(
        connection ->
            NodeDatabase.change(
                connection,
                "MERGE INTO fork (log, evidence) KEY (log) VALUES (?, ?)",
                fork.accused().toString(),
                fork.text()));
  }

  /** All proofs of forks, by the node. */
  public Map<PeerId, Fork> forks() {
    return database.read(
        connection -> {
          Map<PeerId, Fork> forks = new HashMap<>();
          try (PreparedStatement select = connection.prepareStatement("SELECT evidence FROM fork");
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              Fork fork = Fork.parse(row.getString(1));
              forks.put(fork.accused(), fork);
            }
          } catch (MalformedCheckpointException e) {
            throw new SQLException("a stored proof is damaged: " + e.getMessage(), e);
          }
          return forks;
        });
  }
}
