package dev.waggle.ledger;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Verification.Fault;
import dev.waggle.ledger.Verification.Progress;
import dev.waggle.ledger.file.DatabaseFile;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

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
      return verify(DatabaseFile.openReadOnly(file), owner, progress);
    } catch (SQLException e) {
      throw new LedgerException(String.valueOf(e.getMessage()), e);
    }
  }

  static Verification verify(DatabaseFile database, PeerId owner, Progress progress)
      throws SQLException {
    ExecutorService reader = Executors.newSingleThreadExecutor(LedgerVerifier::daemon);
    try {
      return database.read(
          connection -> {
            try (Connection second = database.connect()) {
              return new LedgerVerifier(owner).run(connection, second, reader, progress);
            }
          });
    } finally {
      reader.shutdown();
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "ledger-verifier");
    thread.setDaemon(true);
    return thread;
  }

  private Verification run(
      Connection connection, Connection forEntries, Executor reader, Progress progress)
      throws SQLException {
    // Entries and their head come in one commit: a head that is read later covers them all.
    long last = lastEntry(connection);
    Deque<SignedCheckpoint> heads = heads(connection);
    long covered = heads.isEmpty() ? 0 : heads.getLast().checkpoint().size();
    long total = Math.max(last, covered);
    try (PreparedStatement tile =
            connection.prepareStatement(
                "SELECT hashes, root FROM tile WHERE level = ? AND place = ?");
        Pages entries = new Pages(forEntries, total, reader)) {
      ChainCheck chain =
          new ChainCheck(
              (level, place, hashes, root) -> checkTile(tile, level, place, hashes, root));
      Pages.Row row;
      while ((row = entries.next()) != null) {
        Optional<String> fault = checkEntry(chain, row);
        if (fault.isEmpty()
            && !heads.isEmpty()
            && heads.getFirst().checkpoint().size() == chain.checked()) {
          fault = chain.under(heads.removeFirst());
        }
        if (fault.isPresent()) {
          return faulty(chain, chain.checked(), fault.get());
        }
        if (chain.checked() % PROGRESS_EVERY == 0) {
          progress.at(chain.checked(), total);
        }
      }
      return whole(chain, covered, !heads.isEmpty());
    }
  }

  private static Verification whole(ChainCheck chain, long covered, boolean headsAreLeft) {
    if (headsAreLeft) {
      return faulty(chain, chain.checked() + 1, "it is missing: a signed head covers it");
    }
    if (covered != chain.checked()) {
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

  private Optional<String> checkEntry(ChainCheck chain, Pages.Row row) throws SQLException {
    Optional<String> fault = chain.next(row.bytes(), row.payload(), row.hash());
    if (row.sequence() != chain.checked()) {
      return Optional.of("it is missing: the next one is " + row.sequence());
    }
    return fault.isPresent() ? fault : badTile;
  }

  /** Proofs are made of tiles: they have to be what the entries make them. */
  private void checkTile(
      PreparedStatement select, int level, long place, byte[] hashes, byte[] root)
      throws SQLException {
    select.setInt(1, level);
    select.setLong(2, place);
    try (ResultSet row = select.executeQuery()) {
      if (!row.next()
          || !Arrays.equals(row.getBytes(1), hashes)
          || !Arrays.equals(row.getBytes(2), root)) {
        badTile =
            Optional.of("tile " + place + " of level " + level + " of the tree does not match");
      }
    }
  }

  private Deque<SignedCheckpoint> heads(Connection connection) throws SQLException {
    Deque<SignedCheckpoint> heads = new ArrayDeque<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT sequence, root, signature FROM head ORDER BY sequence")) {
      while (row.next()) {
        heads.add(H2Ledger.head(row, owner));
      }
    }
    return heads;
  }

  private static long lastEntry(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT MAX(sequence) FROM entry")) {
      return row.next() ? row.getLong(1) : 0;
    }
  }
}
