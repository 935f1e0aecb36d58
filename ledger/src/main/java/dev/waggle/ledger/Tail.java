package dev.waggle.ledger;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;

/** The end of the log, to which the next entry is added. Not thread-safe. */
final class Tail {
  private final SignedCheckpoint head;
  private final Tiles tiles;
  private byte[] hash;

  private Tail(SignedCheckpoint head, Tiles tiles, byte[] hash) {
    this.head = head;
    this.tiles = tiles;
    this.hash = hash;
  }

  /** The end as the database has it, at a cost that does not grow with the log. */
  static Tail of(Connection connection, PeerId owner) throws SQLException {
    SignedCheckpoint head = H2Ledger.lastHead(connection, owner);
    long size = head.checkpoint().size();
    return new Tail(
        head, Tiles.of(size, new H2Tree(connection)), H2Ledger.lastHash(connection, size));
  }

  /** The same after a commit under a new head. */
  Tail under(SignedCheckpoint newer) {
    return new Tail(newer, tiles, hash);
  }

  /** The last signed checkpoint. */
  SignedCheckpoint head() {
    return head;
  }

  /** What the next entry links to. */
  byte[] hash() {
    return hash;
  }

  /** The root over all entries, those not committed yet included. */
  byte[] root() {
    return tiles.root();
  }

  /** An entry was added. */
  void add(LedgerEntry entry, Tiles.Sink sink) throws SQLException {
    tiles.add(entry.bytes(), sink);
    hash = entry.hash();
  }
}
