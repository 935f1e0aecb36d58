package dev.waggle.ledger;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.file.DatabaseFile;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
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

  /** Who writes nothing for so long is at rest. */
  static final Duration REST = Duration.ofMinutes(1);

  private static final Duration RECOVERY_STEP = Duration.ofSeconds(1);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

  private final DatabaseFile database;
  private final LongSupplier space;
  private final Compactor compactor;
  private Connection connection;
  private final Identity identity;
  private final Clock clock;
  private final WriteQueue queue = new WriteQueue();
  private final Thread thread;
  private Tail tail;
  private volatile SignedCheckpoint head;
  private volatile boolean writable = true;
  private String trouble = "";
  private long lastWrite;

  /**
   * @param connection to be used by this alone
   * @param tail the end of the log, as the database has it
   * @param space how many bytes the disk has left
   * @param wasteMax how many bytes of the file may be of no use, as {@link Compactor} has it
   */
  LedgerWriter(
      DatabaseFile database,
      Connection connection,
      Tail tail,
      Identity identity,
      Clock clock,
      LongSupplier space,
      long wasteMax)
      throws SQLException {
    this.database = database;
    this.connection = connection;
    this.identity = identity;
    this.clock = clock;
    this.space = space;
    this.lastWrite = clock.millis();
    this.compactor = new Compactor(database, space, wasteMax);
    connection.setAutoCommit(false);
    this.tail = tail;
    this.head = tail.head();
    this.thread = new Thread(this::run, "ledger-writer");
    thread.setDaemon(true);
    thread.start();
  }

  /** Believes only what is there. */
  private void load() throws SQLException {
    connection.setAutoCommit(false);
    tail = Tail.of(connection, identity.peerId());
    head = tail.head();
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
    queue.urgent(new Write.Append(type, actor, payload, done));
    return done;
  }

  void note(EntryType type, PeerId actor, byte[] payload) {
    CompletableFuture<LedgerEntry> done = new CompletableFuture<>();
    done.whenComplete(
        (entry, failure) -> {
          if (failure != null) {
            log.warn("the record lacks an entry of type {}: {}", type, failure.getMessage());
          }
        });
    queue.unhurried(new Write.Append(type, actor, payload, done));
  }

  CompletableFuture<LedgerEntry> record(Receipt receipt, boolean deliver) {
    return record(receipt, deliver, queue::urgent);
  }

  CompletableFuture<LedgerEntry> receive(Receipt receipt) {
    return record(receipt, false, queue::unhurried);
  }

  private static CompletableFuture<LedgerEntry> record(
      Receipt receipt, boolean deliver, Consumer<Write> writing) {
    CompletableFuture<LedgerEntry> done = new CompletableFuture<>();
    if (receipt.verifyBoth()) {
      writing.accept(new Write.Settle(receipt, deliver, done));
    } else {
      done.completeExceptionally(new LedgerException("the receipt is not signed by both sides"));
    }
    return done;
  }

  CompletableFuture<Void> settled(long sequence) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    queue.unhurried(new Write.Settled(sequence, done)); // Told once more does no harm.
    return done;
  }

  CompletableFuture<Long> forget(long until) {
    CompletableFuture<Long> count = new CompletableFuture<>();
    queue.urgent(new Write.Forget(1, until, 0, count));
    return count;
  }

  CompletableFuture<LedgerEntry> result(Receipt half) {
    if (!half.verifyWorker()) {
      throw new IllegalArgumentException("the receipt is not signed by its worker");
    }
    CompletableFuture<LedgerEntry> done = new CompletableFuture<>();
    queue.unhurried(new Write.Result(half, done));
    return done;
  }

  CompletableFuture<Integer> dispute(long until) {
    CompletableFuture<Integer> count = new CompletableFuture<>();
    queue.urgent(new Write.Disputing(until, count));
    return count;
  }

  private void run() {
    boolean interrupted = false;
    while (!interrupted) {
      try {
        // A disk that fails is tried again at each batch.
        Duration company = writable ? WriteQueue.UNHURRIED_MAX : RECOVERY_STEP;
        List<Write> batch = queue.take(BATCH_MAX, RECOVERY_STEP, company);
        if (!batch.isEmpty()) {
          lastWrite = clock.millis();
          write(batch);
          compact();
        } else if (queue.isOver()) {
          break;
        } else {
          atRest();
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    queue.abandon();
    compactor.stop();
  }

  private static boolean forgets(Collection<Write> writes) {
    return writes.stream().anyMatch(Write.Forget.class::isInstance);
  }

  private void atRest() {
    if (writable) {
      compact();
    } else {
      recover();
    }
  }

  /** Makes the file smaller if it is time, and nothing that is copied changes. */
  private void compact() {
    if (!writable) {
      return;
    }
    try {
      if (compactor.advance(
          connection,
          head.checkpoint().size(),
          clock.millis() - lastWrite >= REST.toMillis(),
          () -> queue.isWaiting(Write.Forget.class::isInstance))) {
        reconnect();
        load();
      }
    } catch (SQLException e) {
      log.warn("the ledger's file was not made smaller: {}", e.getMessage());
      recover();
    }
  }

  private void write(List<Write> batch) {
    if (forgets(batch)) {
      compactor.stop();
      compactor.hurry();
    }
    if (!writable && !recover()) {
      LedgerException failure = new LedgerException("cannot write to disk: " + trouble);
      batch.forEach(write -> write.fail(failure));
      return;
    }
    List<Runnable> answers = new ArrayList<>(batch.size());
    try {
      requireSpace();
      Batch state = new Batch(connection, identity, clock, tail, queue::urgent);
      for (Write write : batch) {
        answers.add(state.apply(write));
      }
      SignedCheckpoint signed = state.sign();
      connection.commit();
      DatabaseFile.force(connection);
      tail = tail.under(signed);
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
    compactor.stop();
    database.abandon();
    reconnect();
  }

  private void reconnect() throws SQLException {
    try {
      connection.close();
    } catch (SQLException e) {
      log.debug("its database is closed already: {}", e.getMessage());
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
      }
      connection.commit();
      DatabaseFile.force(connection);
      writable = true;
      log.info("the ledger can be written again");
      return true;
    } catch (SQLException e) {
      stop(e);
      return false;
    }
  }

  @Override
  public void close() {
    queue.close();
    try {
      thread.join(CLOSE_MAX.toMillis());
      connection.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SQLException e) {
      log.debug("the ledger's connection did not close: {}", e.getMessage());
    }
  }
}
