package dev.waggle.ledger;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.tlog.Checkpoint;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes: takes what waits, writes it in one transaction under one signed head,
 * forces it to disk once, and only then answers.
 *
 * <p>A plain commit of H2 does not force; {@code CHECKPOINT SYNC} does. It is the dear part, so it
 * is shared by all that wait.
 */
final class LedgerWriter implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LedgerWriter.class);
  private static final int BATCH_MAX = 1_024;

  /** Below that the disk counts as full. */
  static final long SPACE_MIN = 32L << 20;

  private static final int FORGET_STEP = 2_000;
  private static final int DISPUTES_MAX = 1_000;
  private static final Duration RECOVERY_STEP = Duration.ofSeconds(1);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

  /** One thing to write and whom to tell. */
  private sealed interface Write {
    record Append(EntryType type, PeerId actor, byte[] payload, CompletableFuture<LedgerEntry> done)
        implements Write {}

    record Settle(Receipt receipt, boolean deliver, CompletableFuture<LedgerEntry> done)
        implements Write {}

    record Settled(long sequence, CompletableFuture<Void> done) implements Write {}

    record Forget(long from, long until, long done, CompletableFuture<Long> count)
        implements Write {}

    record Result(Receipt half, CompletableFuture<LedgerEntry> done) implements Write {}

    record Disputing(long until, CompletableFuture<Integer> count) implements Write {}

    record Stop() implements Write {}

    default void fail(LedgerException cause) {
      if (this instanceof Append append) {
        append.done.completeExceptionally(cause);
      } else if (this instanceof Settle receipt) {
        receipt.done.completeExceptionally(cause);
      } else if (this instanceof Settled settled) {
        settled.done.completeExceptionally(cause);
      } else if (this instanceof Forget forget) {
        forget.count.completeExceptionally(cause);
      } else if (this instanceof Result result) {
        result.done.completeExceptionally(cause);
      } else if (this instanceof Disputing disputing) {
        disputing.count.completeExceptionally(cause);
      }
    }
  }

  private final H2Database database;
  private final LongSupplier space;
  private Connection connection;
  private final Identity identity;
  private final Clock clock;
  private final BlockingQueue<Write> waiting = new LinkedBlockingQueue<>(Ledger.WAITING_WRITES_MAX);
  private final Thread thread;
  private Tiles tiles;
  private byte[] lastHash;
  private volatile SignedCheckpoint head;
  private volatile boolean writable = true;
  private String trouble = "";
  private volatile boolean closing;

  /**
   * @param connection to be used by this alone
   * @param space how many bytes the disk has left
   */
  LedgerWriter(
      H2Database database,
      Connection connection,
      Identity identity,
      Clock clock,
      LongSupplier space)
      throws SQLException {
    this.database = database;
    this.connection = connection;
    this.identity = identity;
    this.clock = clock;
    this.space = space;
    // Set again by load(), which the compiler cannot know.
    this.head = H2Ledger.lastHead(connection, identity.peerId());
    this.tiles = Tiles.empty();
    this.lastHash = new byte[0];
    load();
    this.thread = new Thread(this::run, "ledger-writer");
    thread.setDaemon(true);
    thread.start();
  }

  /** Believes only what is there. */
  private void load() throws SQLException {
    connection.setAutoCommit(false);
    SignedCheckpoint found = H2Ledger.lastHead(connection, identity.peerId());
    tiles = Tiles.of(found.checkpoint().size(), new H2Tree(connection));
    lastHash = H2Ledger.lastHash(connection, found.checkpoint().size());
    head = found;
  }

  SignedCheckpoint head() {
    return head;
  }

  boolean writable() {
    return writable;
  }

  CompletableFuture<LedgerEntry> append(EntryType type, PeerId actor, byte[] payload) {
    if (payload.length > LedgerEntry.PAYLOAD_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a payload has at most " + LedgerEntry.PAYLOAD_BYTES_MAX + " bytes");
    }
    CompletableFuture<LedgerEntry> done = new CompletableFuture<>();
    offer(new Write.Append(type, actor, payload, done));
    return done;
  }

  CompletableFuture<LedgerEntry> record(Receipt receipt, boolean deliver) {
    CompletableFuture<LedgerEntry> done = new CompletableFuture<>();
    if (receipt.verifyBoth()) {
      offer(new Write.Settle(receipt, deliver, done));
    } else {
      done.completeExceptionally(new LedgerException("the receipt is not signed by both sides"));
    }
    return done;
  }

  CompletableFuture<Void> settled(long sequence) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    offer(new Write.Settled(sequence, done));
    return done;
  }

  CompletableFuture<Long> forget(long until) {
    CompletableFuture<Long> count = new CompletableFuture<>();
    offer(new Write.Forget(1, until, 0, count));
    return count;
  }

  CompletableFuture<LedgerEntry> result(Receipt half) {
    if (!half.verifyWorker()) {
      throw new IllegalArgumentException("the receipt is not signed by its worker");
    }
    CompletableFuture<LedgerEntry> done = new CompletableFuture<>();
    offer(new Write.Result(half, done));
    return done;
  }

  CompletableFuture<Integer> dispute(long until) {
    CompletableFuture<Integer> count = new CompletableFuture<>();
    offer(new Write.Disputing(until, count));
    return count;
  }

  private void offer(Write write) {
    if (closing) {
      write.fail(new LedgerException("the ledger is closed"));
    } else if (!waiting.offer(write)) {
      write.fail(new LedgerException("too many writes wait for the disk"));
    }
  }

  private void run() {
    List<Write> batch = new ArrayList<>();
    boolean stop = false;
    while (!stop) {
      batch.clear();
      try {
        Write first = waiting.poll(RECOVERY_STEP.toMillis(), TimeUnit.MILLISECONDS);
        if (first == null) {
          if (!writable) {
            recover();
          }
          continue;
        }
        batch.add(first);
      } catch (InterruptedException e) {
        break;
      }
      waiting.drainTo(batch, BATCH_MAX - 1);
      stop = batch.removeIf(Write.Stop.class::isInstance);
      if (!batch.isEmpty()) {
        write(batch);
      }
    }
    closing = true;
    waiting.forEach(write -> write.fail(new LedgerException("the ledger is closed")));
  }

  private void write(List<Write> batch) {
    if (!writable && !recover()) {
      LedgerException failure = new LedgerException("cannot write to disk: " + trouble);
      batch.forEach(write -> write.fail(failure));
      return;
    }
    List<Runnable> answers = new ArrayList<>(batch.size());
    try {
      requireSpace();
      Batch state = new Batch();
      for (Write write : batch) {
        answers.add(state.apply(write));
      }
      SignedCheckpoint signed = state.sign();
      connection.commit();
      try (Statement statement = connection.createStatement()) {
        statement.execute("CHECKPOINT SYNC");
      }
      head = signed;
      writable = true;
    } catch (SQLException e) {
      undo(batch, e);
      return;
    }
    answers.forEach(Runnable::run);
  }

  /** A database on a full disk may be lost for this process; so it stops before. */
  private void requireSpace() throws SQLException {
    if (space.getAsLong() < SPACE_MIN) {
      throw new SQLException(
          "the disk has less than " + (SPACE_MIN >> 20) + " MiB left (make room)");
    }
  }

  private void undo(List<Write> batch, SQLException cause) {
    stop(cause);
    try {
      connection.rollback();
      // A commit whose sync failed may be there or not.
      load();
    } catch (SQLException e) {
      log.debug("the ledger's database does not answer: {}", e.getMessage());
    }
    LedgerException failure =
        new LedgerException("cannot write to disk: " + cause.getMessage(), cause);
    batch.forEach(write -> write.fail(failure));
  }

  private void stop(SQLException cause) {
    trouble = String.valueOf(cause.getMessage());
    if (writable) {
      log.error("the ledger cannot write: {}", trouble);
    }
    writable = false;
  }

  /** A database whose disk failed is of no use any more: what was forced is read anew. */
  private void reopen() throws SQLException {
    try (Connection old = database.connect();
        Statement statement = old.createStatement()) {
      statement.execute("SHUTDOWN IMMEDIATELY");
    } catch (SQLException e) {
      log.debug("the ledger's database was closed already: {}", e.getMessage());
    }
    connection = database.connect();
  }

  /** Tries whether it can be written again. */
  private boolean recover() {
    try {
      requireSpace();
      reopen();
      load();
      try (Statement statement = connection.createStatement()) {
        statement.execute("UPDATE probe SET written = written + 1");
        connection.commit();
        statement.execute("CHECKPOINT SYNC");
      }
      writable = true;
      log.info("the ledger can be written again");
      return true;
    } catch (SQLException e) {
      stop(e);
      return false;
    }
  }

  /** One transaction under way. */
  private final class Batch {
    private final SignedCheckpoint before = head;
    private long sequence = before.checkpoint().size();

    /** Writes one thing; the answer is given after the sync. */
    Runnable apply(Write write) throws SQLException {
      if (write instanceof Write.Append append) {
        LedgerEntry entry = insert(append.type, append.actor, append.payload);
        return () -> append.done.complete(entry);
      }
      if (write instanceof Write.Settle receipt) {
        return record(receipt);
      }
      if (write instanceof Write.Settled settled) {
        try (PreparedStatement delete =
            connection.prepareStatement("DELETE FROM settlement WHERE sequence = ?")) {
          delete.setLong(1, settled.sequence);
          delete.executeUpdate();
        }
        return () -> settled.done.complete(null);
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
      ReceiptBody body = write.receipt.body();
      byte[] bytes = write.receipt.bytes();
      LedgerEntry known = find(body);
      if (known != null) {
        return known.isOf(bytes)
            ? () -> write.done.complete(known)
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
      if (write.deliver) {
        try (PreparedStatement insert =
            connection.prepareStatement("INSERT INTO settlement (sequence) VALUES (?)")) {
          insert.setLong(1, entry.sequence());
          insert.executeUpdate();
        }
      }
      return () -> write.done.complete(entry);
    }

    private Runnable result(Write.Result write) throws SQLException {
      ReceiptBody body = write.half.body();
      LedgerEntry entry = insert(EntryType.RESULT, body.worker(), write.half.bytes());
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
      return () -> write.done.complete(entry);
    }

    private Runnable dispute(Write.Disputing write) throws SQLException {
      record Owed(long sequence, PeerId by) {}
      List<Owed> owed = new ArrayList<>();
      try (PreparedStatement select =
          connection.prepareStatement(
              "SELECT sequence, requester FROM owed WHERE sequence <= ? ORDER BY sequence LIMIT "
                  + DISPUTES_MAX)) {
        select.setLong(1, write.until);
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
      return () -> write.count.complete(owed.size());
    }

    /** A part at a time, so that nobody waits for all of it; noted before the first. */
    private Runnable forget(Write.Forget write) throws SQLException {
      if (write.from == 1 && write.until > 0) {
        insert(EntryType.FORGET, identity.peerId(), new Forgotten(write.until).bytes());
      }
      long last = Math.min(write.until, write.from + FORGET_STEP - 1);
      long count;
      try (PreparedStatement update =
          connection.prepareStatement(
              "UPDATE entry SET payload = NULL WHERE sequence BETWEEN ? AND ?"
                  + " AND payload IS NOT NULL"
                  + " AND sequence NOT IN (SELECT sequence FROM settlement)")) {
        update.setLong(1, write.from);
        update.setLong(2, last);
        count = write.done + update.executeUpdate();
      }
      return last >= write.until
          ? () -> write.count.complete(count)
          : () -> offer(new Write.Forget(last + 1, write.until, count, write.count));
    }

    private @Nullable LedgerEntry find(ReceiptBody body) throws SQLException {
      try (PreparedStatement select =
          connection.prepareStatement(
              "SELECT e.bytes, e.payload, e.hash FROM receipt r JOIN entry e ON e.sequence = r.sequence"
                  + " WHERE r.task = ? AND r.claim = ?")) {
        select.setString(1, body.task());
        select.setString(2, body.claim());
        try (ResultSet row = select.executeQuery()) {
          return row.next()
              ? LedgerEntry.parse(row.getBytes(1), row.getBytes(2), row.getBytes(3))
              : null;
        } catch (LedgerException e) {
          throw new SQLException("a stored receipt is damaged", e);
        }
      }
    }

    private LedgerEntry insert(EntryType type, PeerId actor, byte[] payload) throws SQLException {
      Instant now = Instant.ofEpochMilli(clock.millis());
      LedgerEntry entry = LedgerEntry.create(sequence + 1, lastHash, now, type, actor, payload);
      try (PreparedStatement insert =
          connection.prepareStatement(
              "INSERT INTO entry (sequence, bytes, payload, hash) VALUES (?, ?, ?, ?)")) {
        insert.setLong(1, entry.sequence());
        insert.setBytes(2, entry.bytes());
        insert.setBytes(3, entry.payload());
        insert.setBytes(4, entry.hash());
        insert.executeUpdate();
      }
      tiles.add(entry.bytes(), this::insertTile);
      sequence = entry.sequence();
      lastHash = entry.hash();
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
      if (sequence == before.checkpoint().size()) {
        return before;
      }
      SignedCheckpoint signed =
          new Checkpoint(identity.peerId(), sequence, tiles.root()).sign(identity);
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

  @Override
  public void close() {
    closing = true;
    try {
      waiting.put(new Write.Stop());
      thread.join(CLOSE_MAX.toMillis());
      connection.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SQLException e) {
      log.debug("the ledger's connection did not close: {}", e.getMessage());
    }
  }
}
