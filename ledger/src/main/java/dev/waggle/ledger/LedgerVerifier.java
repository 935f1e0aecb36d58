package dev.waggle.ledger;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Verification.Fault;
import dev.waggle.ledger.Verification.Progress;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks a whole ledger: every entry's place, form, link and hash, every head's signature and what
 * it covers, and every receipt's two signatures.
 */
public final class LedgerVerifier {
  private static final int PROGRESS_EVERY = 10_000;

  private final PeerId owner;
  private final Tiles tiles = Tiles.empty();
  private byte[] hash = new byte[LedgerEntry.HASH_BYTES];
  private Optional<String> badTile = Optional.empty();
  private long checked;
  private long receipts;

  private LedgerVerifier(PeerId owner) {
    this.owner = owner;
  }

  /**
   * Checks a ledger file whose node does not run. Changes nothing.
   *
   * @param owner the node that should have signed it
   * @throws LedgerException when the file cannot be read at all
   */
  public static Verification verify(Path file, PeerId owner, Progress progress)
      throws LedgerException {
    H2Database database = H2Database.openReadOnly(file);
    try (Connection connection = database.connect()) {
      return verify(connection, owner, progress);
    } catch (SQLException e) {
      throw new LedgerException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  static Verification verify(Connection connection, PeerId owner, Progress progress)
      throws SQLException {
    // One snapshot, so that a running node's next commit does not show half.
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    return new LedgerVerifier(owner).run(connection, progress);
  }

  private Verification run(Connection connection, Progress progress) throws SQLException {
    long total = count(connection);
    try (Pages heads = new Pages(connection, "sequence, root, signature", "head");
        Pages entries = new Pages(connection, "sequence, bytes, payload, hash", "entry")) {
      SignedCheckpoint head = next(heads);
      while (entries.next()) {
        Optional<String> fault = checkEntry(connection, entries.row());
        if (fault.isEmpty() && head != null && head.checkpoint().size() == checked) {
          fault = checkHead(head);
          head = next(heads);
        }
        if (fault.isPresent()) {
          return faulty(fault.get());
        }
        if (checked % PROGRESS_EVERY == 0) {
          progress.at(checked, total);
        }
      }
      return atEnd(connection, head);
    }
  }

  private Verification atEnd(Connection connection, @Nullable SignedCheckpoint unmatched)
      throws SQLException {
    SignedCheckpoint last = H2Ledger.lastHead(connection, owner);
    if (unmatched != null) {
      checked++;
      return faulty("it is missing: a signed head covers it");
    }
    if (last.checkpoint().size() != checked) {
      return faulty("no signed head covers it");
    }
    return new Verification(checked, receipts, Optional.empty());
  }

  private Verification faulty(String cause) {
    return new Verification(checked, receipts, Optional.of(new Fault(checked, cause)));
  }

  private Optional<String> checkEntry(Connection connection, ResultSet row) throws SQLException {
    checked++;
    long sequence = row.getLong(1);
    if (sequence != checked) {
      return Optional.of("it is missing: the next one is " + sequence);
    }
    byte[] bytes = row.getBytes(2);
    byte[] stored = row.getBytes(4);
    byte[] computed = LedgerEntry.hash(hash, bytes);
    if (!MessageDigest.isEqual(computed, stored)) {
      return Optional.of("its hash does not match its content and the entry before");
    }
    try {
      LedgerEntry entry = LedgerEntry.parse(bytes, row.getBytes(3), stored);
      if (entry.sequence() != sequence) {
        return Optional.of("it says that it is entry " + entry.sequence());
      }
      if (!MessageDigest.isEqual(entry.previousHash(), hash)) {
        return Optional.of("it does not link to the entry before");
      }
      hash = computed;
      tiles.add(
          bytes, (level, place, hashes, root) -> checkTile(connection, level, place, hashes, root));
      if (badTile.isPresent()) {
        return badTile;
      }
      return entry.type() == EntryType.RECEIPT ? checkReceipt(entry) : Optional.empty();
    } catch (LedgerException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private Optional<String> checkReceipt(LedgerEntry entry) {
    try {
      Receipt receipt = Receipt.parse(entry.payload());
      if (!receipt.verifyBoth()) {
        return Optional.of("its receipt is not signed by both sides");
      }
      receipts++;
      return Optional.empty();
    } catch (MalformedReceiptException e) {
      return Optional.of("its receipt cannot be read: " + e.getMessage());
    }
  }

  /** Proofs are made of tiles: they have to be what the entries make them. */
  private void checkTile(Connection connection, int level, long place, byte[] hashes, byte[] root)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT hashes, root FROM tile WHERE level = ? AND place = ?")) {
      select.setInt(1, level);
      select.setLong(2, place);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()
            || !MessageDigest.isEqual(row.getBytes(1), hashes)
            || !MessageDigest.isEqual(row.getBytes(2), root)) {
          badTile =
              Optional.of("tile " + place + " of level " + level + " of the tree does not match");
        }
      }
    }
  }

  private Optional<String> checkHead(SignedCheckpoint head) {
    if (!MessageDigest.isEqual(head.checkpoint().root(), tiles.root())) {
      return Optional.of("the signed head over it names another root");
    }
    return head.isSigned()
        ? Optional.empty()
        : Optional.of("the head over it is not signed by " + owner);
  }

  private @Nullable SignedCheckpoint next(Pages heads) throws SQLException {
    return heads.next() ? H2Ledger.head(heads.row(), owner) : null;
  }

  private static long count(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT COUNT(*) FROM entry")) {
      return row.next() ? row.getLong(1) : 0;
    }
  }
}
