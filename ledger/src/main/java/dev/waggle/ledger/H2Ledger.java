package dev.waggle.ledger;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.file.DatabaseFile;
import dev.waggle.ledger.tlog.Checkpoint;
import dev.waggle.ledger.tlog.MerkleHash;
import dev.waggle.ledger.tlog.MerkleTree;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
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
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The ledger in an H2 file of its own. Opening costs the same however long the log is. */
public final class H2Ledger implements Ledger {

  private static final String MIGRATIONS = "dev/waggle/ledger/migration";

  private final DatabaseFile database;
  private final Identity identity;
  private final LedgerWriter writer;

  private H2Ledger(DatabaseFile database, Identity identity, LedgerWriter writer) {
    this.database = database;
    this.identity = identity;
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
    return open(file, "file:", identity, clock, file.toFile()::getUsableSpace, Compactor.WASTE_MAX);
  }

  /**
   * @param fileSystem which of H2's file systems has the file
   * @param space how many bytes the disk has left
   * @param wasteMax how many bytes of the file may be of no use, if its content is not more
   */
  static H2Ledger open(
      Path file,
      String fileSystem,
      Identity identity,
      Clock clock,
      LongSupplier space,
      long wasteMax)
      throws LedgerException {
    DatabaseFile database;
    try {
      database = DatabaseFile.open(file, fileSystem, MIGRATIONS);
    } catch (SQLException e) {
      throw new LedgerException(String.valueOf(e.getMessage()), e);
    }
    try {
      Connection connection = database.connect();
      Tail tail = Tail.of(connection, identity.peerId());
      if (tail.head().checkpoint().size() > 0 && !tail.head().isSigned()) {
        connection.close();
        database.close();
        throw new LedgerException(
            file
                + "'s last head is not signed by this node (is the ledger another node's, or"
                + " damaged? try: waggle ledger verify)");
      }
      LedgerWriter writer =
          new LedgerWriter(database, connection, tail, identity, clock, space, wasteMax);
      return new H2Ledger(database, identity, writer);
    } catch (SQLException e) {
      throw new LedgerException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  static SignedCheckpoint lastHead(Connection connection, PeerId owner) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT sequence, root, signature FROM head ORDER BY sequence DESC LIMIT 1")) {
      return row.next()
          ? head(row, owner)
          : new SignedCheckpoint(
              new Checkpoint(owner, 0, MerkleHash.empty()), new byte[0], List.of());
    }
  }

  static SignedCheckpoint head(ResultSet row, PeerId owner) throws SQLException {
    return new SignedCheckpoint(
        new Checkpoint(owner, row.getLong(1), row.getBytes(2)), row.getBytes(3), List.of());
  }

  /** The hash that the next entry links to. */
  static byte[] lastHash(Connection connection, long sequence) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT hash FROM entry WHERE sequence = ?")) {
      select.setLong(1, sequence);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? row.getBytes(1) : new byte[LedgerEntry.HASH_BYTES];
      }
    }
  }

  @Override
  public CompletableFuture<LedgerEntry> append(EntryType type, PeerId actor, byte[] payload) {
    return writer.append(type, actor, payload);
  }

  @Override
  public void note(EntryType type, PeerId actor, byte[] payload) {
    writer.note(type, actor, payload);
  }

  @Override
  public CompletableFuture<LedgerEntry> record(Receipt receipt, boolean deliver) {
    return writer.record(receipt, deliver);
  }

  @Override
  public CompletableFuture<LedgerEntry> receive(Receipt receipt) {
    return writer.receive(receipt);
  }

  @Override
  public CompletableFuture<LedgerEntry> result(Receipt half) {
    return writer.result(half);
  }

  @Override
  public CompletableFuture<Integer> dispute(Instant before) {
    return writer.dispute(lastBefore(before));
  }

  @Override
  public CompletableFuture<Void> settled(long sequence) {
    return writer.settled(sequence);
  }

  @Override
  public CompletableFuture<Long> forget(Instant before) {
    return writer.forget(lastBefore(before));
  }

  @Override
  public void backup(Path file) {
    if (Files.exists(file)) {
      throw new UncheckedIOException(new IOException(file + " is there already"));
    }
    try {
      database.read(
          connection -> {
            try (PreparedStatement backup = connection.prepareStatement("BACKUP TO ?")) {
              backup.setString(1, file.toAbsolutePath().toString());
              return backup.execute();
            }
          });
    } catch (SQLException e) {
      throw new UncheckedIOException(
          new IOException("the ledger cannot be copied to " + file + ": " + e.getMessage(), e));
    }
  }

  @Override
  public long firstSince(Instant moment) {
    return lastBefore(moment) + 1;
  }

  /** The last entry before a moment: entries follow each other in time, too. */
  private long lastBefore(Instant moment) {
    long low = 0;
    long high = head().checkpoint().size();
    while (low < high) {
      long middle = low + (high - low + 1) / 2;
      if (entries(middle, 1).get(0).time().isBefore(moment)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  @Override
  public List<Settlement> pendingSettlements(int max) {
    return read(
        "SELECT e.bytes, e.payload, e.hash FROM settlement s JOIN entry e ON e.sequence = s.sequence"
            + " WHERE s.sequence >= ? ORDER BY s.sequence LIMIT ?",
        0,
        max,
        (bytes, payload, hash) -> {
          LedgerEntry entry = LedgerEntry.parse(bytes, payload, hash);
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
        "SELECT bytes, payload, hash FROM entry WHERE sequence >= ? ORDER BY sequence LIMIT ?",
        from,
        max,
        LedgerEntry::parse);
  }

  @Override
  public OptionalLong receiptOf(String task) {
    return ask(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement("SELECT MIN(sequence) FROM receipt WHERE task = ?")) {
            select.setString(1, task);
            try (ResultSet row = select.executeQuery()) {
              return row.next() && row.getLong(1) > 0
                  ? OptionalLong.of(row.getLong(1))
                  : OptionalLong.empty();
            }
          }
        });
  }

  private <T> T ask(DatabaseFile.Query<T> query) {
    try {
      return database.read(query);
    } catch (SQLException e) {
      throw unreadable(e);
    }
  }

  private static UncheckedIOException unreadable(SQLException e) {
    return new UncheckedIOException(
        new IOException("the ledger cannot be read: " + e.getMessage(), e));
  }

  private interface RowReader<T> {
    T read(byte[] bytes, byte @Nullable [] payload, byte[] hash) throws LedgerException;
  }

  private <T> List<T> read(String sql, long from, int max, RowReader<T> reader) {
    return ask(
        connection -> {
          List<T> rows = new ArrayList<>();
          try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setLong(1, from);
            select.setInt(2, max);
            try (ResultSet row = select.executeQuery()) {
              while (row.next()) {
                rows.add(reader.read(row.getBytes(1), row.getBytes(2), row.getBytes(3)));
              }
            }
            return rows;
          } catch (LedgerException e) {
            throw new SQLException(e.getMessage(), e);
          }
        });
  }

  @Override
  public SignedCheckpoint head() {
    return writer.head();
  }

  @Override
  public EntryProof prove(long sequence, SignedCheckpoint checkpoint) {
    long size = requireSize(checkpoint.checkpoint().size());
    if (sequence < 1 || sequence > size) {
      throw new IllegalArgumentException(
          "there is no entry " + sequence + " under a checkpoint of " + size);
    }
    LedgerEntry entry = entries(sequence, 1).get(0);
    return new EntryProof(entry, askTree(tree -> tree.inclusion(sequence - 1, size)), checkpoint);
  }

  @Override
  public List<byte[]> consistency(long earlier, long later) {
    requireSize(later);
    return askTree(tree -> tree.consistency(earlier, later));
  }

  @Override
  public SignedCheckpoint checkpoint(long size) {
    requireSize(size);
    return new Checkpoint(identity.peerId(), size, askTree(tree -> tree.root(size))).sign(identity);
  }

  private long requireSize(long size) {
    long now = head().checkpoint().size();
    if (size < 0 || size > now) {
      throw new IllegalArgumentException("the log has " + now + " entries, not " + size);
    }
    return size;
  }

  private interface TreeQuery<T> {
    T ask(MerkleTree<SQLException> tree) throws SQLException;
  }

  private <T> T askTree(TreeQuery<T> query) {
    return ask(connection -> query.ask(new MerkleTree<>(new H2Tree(connection))));
  }

  @Override
  public boolean writable() {
    return writer.writable();
  }

  @Override
  public Verification verify(Verification.Progress progress) {
    try {
      return LedgerVerifier.verify(database, identity.peerId(), progress);
    } catch (SQLException e) {
      throw unreadable(e);
    }
  }

  @Override
  public void close() {
    writer.close();
    database.close();
  }
}
