package dev.waggle.ledger;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.tlog.Checkpoint;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One transaction under way. */
final class Batch {
  /** One head of so many entries is kept, and the last: it covers all before. */
  private static final int HEAD_STEP = 1_024;

  private static final int FORGET_STEP = 2_000;
  private static final int DISPUTES_MAX = 1_000;

  private final Connection connection;
  private final Identity identity;
  private final Clock clock;
  private final Tail tail;
  private final Consumer<Write> again;
  private long sequence;

  /**
   * @param tail the end of the log, which grows with what is written; of no use if that fails
   * @param again takes what is to be written later
   */
  Batch(Connection connection, Identity identity, Clock clock, Tail tail, Consumer<Write> again) {
    this.connection = connection;
    this.identity = identity;
    this.clock = clock;
    this.tail = tail;
    this.again = again;
    this.sequence = tail.head().checkpoint().size();
  }

  /** Writes one thing; the answer is given after the sync. */
  Runnable apply(Write write) throws SQLException {
    if (write instanceof Write.Append append) {
      LedgerEntry entry = insert(append.type(), append.actor(), append.payload());
      return () -> append.done().complete(entry);
    }
    if (write instanceof Write.Settle receipt) {
      return record(receipt);
    }
    if (write instanceof Write.Settled settled) {
      try (PreparedStatement delete =
          connection.prepareStatement("DELETE FROM settlement WHERE sequence = ?")) {
        delete.setLong(1, settled.sequence());
        delete.executeUpdate();
      }
      return () -> settled.done().complete(null);
    }
    if (write instanceof Write.Forget forget) {
      return forget(forget);
    }
    if (write instanceof Write.Result result) {
      return result(result);
    }
    if (write instanceof Write.Disputing disputing) {
      return dispute(disputing);
    }
    throw new AssertionError("no treatment for " + write);
  }

  private Runnable record(Write.Settle write) throws SQLException {
    ReceiptBody body = write.receipt().body();
    byte[] bytes = write.receipt().bytes();
    LedgerEntry known = find(body);
    if (known != null) {
      return known.isOf(bytes)
          ? () -> write.done().complete(known)
          : () -> write.fail(new LedgerException("the claim has another receipt already"));
    }
    LedgerEntry entry = insert(EntryType.RECEIPT, body.requester(), bytes);
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO receipt (task, claim, sequence) VALUES (?, ?, ?)")) {
      insert.setString(1, body.task());
      insert.setString(2, body.claim());
      insert.setLong(3, entry.sequence());
      insert.executeUpdate();
    }
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM owed WHERE task = ? AND claim = ?")) {
      delete.setString(1, body.task());
      delete.setString(2, body.claim());
      delete.executeUpdate();
    }
    if (write.deliver()) {
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO settlement (sequence) VALUES (?)")) {
        insert.setLong(1, entry.sequence());
        insert.executeUpdate();
      }
    }
    return () -> write.done().complete(entry);
  }

  private Runnable result(Write.Result write) throws SQLException {
    ReceiptBody body = write.half().body();
    LedgerEntry entry = insert(EntryType.RESULT, body.worker(), write.half().bytes());
    if (find(body) == null) {
      try (PreparedStatement insert =
          connection.prepareStatement(
              "MERGE INTO owed (task, claim, requester, sequence) KEY (task, claim)"
                  + " VALUES (?, ?, ?, ?)")) {
        insert.setString(1, body.task());
        insert.setString(2, body.claim());
        insert.setBytes(3, body.requester().multihash());
        insert.setLong(4, entry.sequence());
        insert.executeUpdate();
      }
    }
    return () -> write.done().complete(entry);
  }

  private Runnable dispute(Write.Disputing write) throws SQLException {
    record Owed(long sequence, PeerId by) {}
    List<Owed> owed = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT sequence, requester FROM owed WHERE sequence <= ? ORDER BY sequence LIMIT "
                + DISPUTES_MAX)) {
      select.setLong(1, write.until());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          owed.add(new Owed(row.getLong(1), PeerId.ofMultihash(row.getBytes(2))));
        }
      }
    }
    for (Owed each : owed) {
      insert(EntryType.DISPUTED, each.by, new Dispute(each.sequence).bytes());
      try (PreparedStatement delete =
          connection.prepareStatement("DELETE FROM owed WHERE sequence = ?")) {
        delete.setLong(1, each.sequence);
        delete.executeUpdate();
      }
    }
    return () -> write.count().complete(owed.size());
  }

  /** A part at a time, so that nobody waits for all of it; noted before the first. */
  private Runnable forget(Write.Forget write) throws SQLException {
    if (write.from() == 1 && write.until() > 0) {
      insert(EntryType.FORGET, identity.peerId(), new Forgotten(write.until()).bytes());
    }
    long last = Math.min(write.until(), write.from() + FORGET_STEP - 1);
    long count;
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE entry SET payload = NULL WHERE sequence BETWEEN ? AND ?"
                + " AND payload IS NOT NULL"
                + " AND sequence NOT IN (SELECT sequence FROM settlement)")) {
      update.setLong(1, write.from());
      update.setLong(2, last);
      count = write.done() + update.executeUpdate();
    }
    return last >= write.until()
        ? () -> write.count().complete(count)
        : () -> again.accept(new Write.Forget(last + 1, write.until(), count, write.count()));
  }

  private @Nullable LedgerEntry find(ReceiptBody body) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT sequence FROM receipt WHERE task = ? AND claim = ?")) {
      select.setString(1, body.task());
      select.setString(2, body.claim());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? entry(row.getLong(1)) : null;
      }
    }
  }

  private LedgerEntry entry(long at) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT bytes, payload, hash FROM entry WHERE sequence = ?")) {
      select.setLong(1, at);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw new SQLException("the entry of a stored receipt is missing");
        }
        return LedgerEntry.parse(row.getBytes(1), row.getBytes(2), row.getBytes(3));
      } catch (LedgerException e) {
        throw new SQLException("a stored receipt is damaged", e);
      }
    }
  }

  private LedgerEntry insert(EntryType type, PeerId actor, byte[] payload) throws SQLException {
    Instant now = Instant.ofEpochMilli(clock.millis());
    LedgerEntry entry = LedgerEntry.create(sequence + 1, tail.hash(), now, type, actor, payload);
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO entry (sequence, bytes, payload, hash) VALUES (?, ?, ?, ?)")) {
      insert.setLong(1, entry.sequence());
      insert.setBytes(2, entry.bytes());
      insert.setBytes(3, entry.payload());
      insert.setBytes(4, entry.hash());
      insert.executeUpdate();
    }
    tail.add(entry, this::insertTile);
    sequence = entry.sequence();
    return entry;
  }

  private void insertTile(int level, long place, byte[] hashes, byte[] root) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO tile (level, place, hashes, root) VALUES (?, ?, ?, ?)")) {
      insert.setInt(1, level);
      insert.setLong(2, place);
      insert.setBytes(3, hashes);
      insert.setBytes(4, root);
      insert.executeUpdate();
    }
  }

  /** Signs and writes the checkpoint that covers what was appended, if anything was. */
  SignedCheckpoint sign() throws SQLException {
    if (sequence == tail.head().checkpoint().size()) {
      return tail.head();
    }
    SignedCheckpoint signed =
        new Checkpoint(identity.peerId(), sequence, tail.root()).sign(identity);
    long before = tail.head().checkpoint().size();
    if (before > 0 && before / HEAD_STEP == sequence / HEAD_STEP) {
      try (PreparedStatement delete =
          connection.prepareStatement("DELETE FROM head WHERE sequence = ?")) {
        delete.setLong(1, before);
        delete.executeUpdate();
      }
    }
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO head (sequence, root, signature) VALUES (?, ?, ?)")) {
      insert.setLong(1, sequence);
      insert.setBytes(2, signed.checkpoint().root());
      insert.setBytes(3, signed.signature());
      insert.executeUpdate();
    }
    return signed;
  }
}
