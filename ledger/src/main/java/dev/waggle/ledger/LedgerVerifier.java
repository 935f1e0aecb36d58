package dev.waggle.ledger;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Verification.Fault;
import dev.waggle.ledger.Verification.Progress;
import dev.waggle.ledger.file.DatabaseFile;
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
  private Optional<String> badTile = Optional.empty();

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
    try {
      return DatabaseFile.openReadOnly(file)
          .read(connection -> verify(connection, owner, progress));
    } catch (SQLException e) {
      throw new LedgerException(String.valueOf(e.getMessage()), e);
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
    ChainCheck chain =
        new ChainCheck(
            (level, place, hashes, root) -> checkTile(connection, level, place, hashes, root));
    try (Pages heads = new Pages(connection, "sequence, root, signature", "head");
        Pages entries = new Pages(connection, "sequence, bytes, payload, hash", "entry")) {
      SignedCheckpoint head = next(heads);
      while (entries.next()) {
        Optional<String> fault = checkEntry(chain, entries.row());
        if (fault.isEmpty() && head != null && head.checkpoint().size() == chain.checked()) {
          fault = chain.under(head);
          head = next(heads);
        }
        if (fault.isPresent()) {
          return faulty(chain, chain.checked(), fault.get());
        }
        if (chain.checked() % PROGRESS_EVERY == 0) {
          progress.at(chain.checked(), total);
        }
      }
      return atEnd(connection, chain, head);
    }
  }

  private Verification atEnd(
      Connection connection, ChainCheck chain, @Nullable SignedCheckpoint unmatched)
      throws SQLException {
    SignedCheckpoint last = H2Ledger.lastHead(connection, owner);
    if (unmatched != null) {
      return faulty(chain, chain.checked() + 1, "it is missing: a signed head covers it");
    }
    if (last.checkpoint().size() != chain.checked()) {
      return faulty(chain, chain.checked(), "no signed head covers it");
    }
    Optional<String> fault = chain.atEnd();
    return fault.isPresent()
        ? faulty(chain, chain.checked(), fault.get())
        : new Verification(chain.checked(), chain.receipts(), Optional.empty());
  }

  private static Verification faulty(ChainCheck chain, long sequence, String cause) {
    return new Verification(sequence, chain.receipts(), Optional.of(new Fault(sequence, cause)));
  }

  private Optional<String> checkEntry(ChainCheck chain, ResultSet row) throws SQLException {
    long sequence = row.getLong(1);
    Optional<String> fault = chain.next(row.getBytes(2), row.getBytes(3), row.getBytes(4));
    if (sequence != chain.checked()) {
      return Optional.of("it is missing: the next one is " + sequence);
    }
    return fault.isPresent() ? fault : badTile;
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
