package dev.waggle.ledger;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ledger in an H2 file of its own. Opening costs the same however long the log is. */
public final class H2Ledger implements Ledger {
  private static final Logger log = LoggerFactory.getLogger(H2Ledger.class);

  private final H2Database database;
  private final PeerId owner;
  private final Connection writing;
  private final LedgerWriter writer;

  private H2Ledger(H2Database database, PeerId owner, Connection writing, LedgerWriter writer) {
    this.database = database;
    this.owner = owner;
    this.writing = writing;
    this.writer = writer;
  }

  /**
   * Opens the ledger of an identity, creating the file if there is none.
   *
   * @param file the database, ending in {@code .mv.db}
   * @throws LedgerException when it is damaged, another process has it open, or its last head was
   *     signed by another identity
   */
  public static H2Ledger open(Path file, Identity identity, Clock clock) throws LedgerException {
    H2Database database = H2Database.open(file);
    try {
      Connection connection = database.connect();
      Head head = lastHead(connection);
      if (head.sequence() > 0 && !head.verify(identity.peerId())) {
        shutDown(connection);
        throw new LedgerException(
            file
                + "'s last head is not signed by this node (is the ledger another node's, or"
                + " damaged? try: waggle ledger verify)");
      }
      LedgerWriter writer = new LedgerWriter(connection, identity, clock, head);
      return new H2Ledger(database, identity.peerId(), connection, writer);
    } catch (SQLException e) {
      throw new LedgerException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  static Head lastHead(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT sequence, hash, time_ms, signature FROM head"
                    + " ORDER BY sequence DESC LIMIT 1")) {
      return row.next()
          ? head(row)
          : new Head(0, new byte[LedgerEntry.HASH_BYTES], Instant.EPOCH, new byte[0]);
    }
  }

  static Head head(ResultSet row) throws SQLException {
    return new Head(
        row.getLong(1), row.getBytes(2), Instant.ofEpochMilli(row.getLong(3)), row.getBytes(4));
  }

  @Override
  public CompletableFuture<LedgerEntry> append(EntryType type, PeerId actor, byte[] payload) {
    return writer.append(type, actor, payload);
  }

  @Override
  public CompletableFuture<LedgerEntry> record(Receipt receipt, boolean deliver) {
    return writer.record(receipt, deliver);
  }

  @Override
  public CompletableFuture<Void> settled(long sequence) {
    return writer.settled(sequence);
  }

  @Override
  public List<Settlement> pendingSettlements(int max) {
    return read(
        "SELECT e.bytes, e.hash FROM settlement s JOIN entry e ON e.sequence = s.sequence"
            + " WHERE s.sequence >= ? ORDER BY s.sequence LIMIT ?",
        0,
        max,
        (bytes, hash) -> {
          LedgerEntry entry = LedgerEntry.parse(bytes, hash);
          try {
            Receipt receipt = Receipt.parse(entry.payload());
            return new Settlement(entry.sequence(), receipt.body().worker(), receipt);
          } catch (MalformedReceiptException e) {
            throw new LedgerException("entry " + entry.sequence() + " is damaged", e);
          }
        });
  }

  @Override
  public List<LedgerEntry> entries(long from, int max) {
    return read(
        "SELECT bytes, hash FROM entry WHERE sequence >= ? ORDER BY sequence LIMIT ?",
        from,
        max,
        LedgerEntry::parse);
  }

  private interface RowReader<T> {
    T read(byte[] bytes, byte[] hash) throws LedgerException;
  }

  private <T> List<T> read(String sql, long from, int max, RowReader<T> reader) {
    try (Connection connection = database.connect();
        PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, from);
      select.setInt(2, max);
      List<T> rows = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          rows.add(reader.read(row.getBytes(1), row.getBytes(2)));
        }
      }
      return rows;
    } catch (SQLException | LedgerException e) {
      throw new UncheckedIOException(
          new IOException("the ledger cannot be read: " + e.getMessage(), e));
    }
  }

  @Override
  public Head head() {
    return writer.head();
  }

  @Override
  public boolean writable() {
    return writer.writable();
  }

  @Override
  public Verification verify(Verification.Progress progress) {
    try (Connection connection = database.connect()) {
      return LedgerVerifier.verify(connection, owner, progress);
    } catch (SQLException e) {
      throw new UncheckedIOException(
          new IOException("the ledger cannot be read: " + e.getMessage(), e));
    }
  }

  @Override
  public void close() {
    writer.close();
    try {
      shutDown(writing);
    } catch (SQLException e) {
      log.warn("the ledger's database did not close in order: {}", e.getMessage());
    }
  }

  private static void shutDown(Connection connection) throws SQLException {
    try (connection;
        Statement statement = connection.createStatement()) {
      statement.execute("SHUTDOWN");
    }
  }
}
