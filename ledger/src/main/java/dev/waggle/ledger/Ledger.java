package dev.waggle.ledger;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * A node's own append-only, hash-chained, signed log. Thread-safe.
 *
 * <p>Writes never block and complete only when what they wrote is forced to disk. They fail with a
 * {@link LedgerException} when the disk or the database does, or when {@link #WAITING_WRITES_MAX}
 * others wait already. Reads wait for the disk and so do not belong on an event loop; they throw
 * {@link java.io.UncheckedIOException} when it fails.
 */
public interface Ledger extends AutoCloseable {
  /** The most writes that wait for the disk at once. */
  int WAITING_WRITES_MAX = 8_192;

  /** Appends a fact. */
  CompletableFuture<LedgerEntry> append(EntryType type, PeerId actor, byte[] payload);

  /**
   * Appends a receipt signed by both sides, once: the same receipt again completes with the entry
   * it has; another receipt for the same claim fails.
   *
   * @param deliver whether its worker still needs it; noted in the same commit
   */
  CompletableFuture<LedgerEntry> record(Receipt receipt, boolean deliver);

  /** The oldest receipts that their workers have not acknowledged. */
  List<Settlement> pendingSettlements(int max);

  /** Notes that a worker acknowledged its receipt. */
  CompletableFuture<Void> settled(long sequence);

  /** The entry of a task's receipt, if there is one; of several the first. */
  OptionalLong receiptOf(String task);

  /** Entries in order, from a sequence on. */
  List<LedgerEntry> entries(long from, int max);

  /** The last signed checkpoint; of size 0 and signed by nobody while the log is empty. */
  SignedCheckpoint head();

  /**
   * Proves that an entry is covered by a checkpoint.
   *
   * @throws IllegalArgumentException if it is not
   */
  EntryProof prove(long sequence, SignedCheckpoint checkpoint);

  /**
   * Proves that the log of one size continues that of an earlier one.
   *
   * @throws IllegalArgumentException if it was never that long
   */
  List<byte[]> consistency(long earlier, long later);

  /**
   * Signs what the log was at a size.
   *
   * @throws IllegalArgumentException if it was never that long
   */
  SignedCheckpoint checkpoint(long size);

  /** Whether the last write reached the disk; work should not be accepted while it did not. */
  boolean writable();

  /** Checks the whole chain as it is on disk. */
  Verification verify(Verification.Progress progress);

  /** Completes what waits, at most ten seconds, then closes the database. */
  @Override
  void close();
}
