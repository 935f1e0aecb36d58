package dev.waggle.ledger;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.nio.file.Path;
import java.time.Instant;
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
   * Appends a fact that nobody waits for, with the next commit or within about 100 ms; that it
   * cannot be written is only logged.
   */
  void note(EntryType type, PeerId actor, byte[] payload);

  /**
   * Appends a receipt signed by both sides, once: the same receipt again completes with the entry
   * it has; another receipt for the same claim fails.
   *
   * @param deliver whether its worker still needs it; noted in the same commit
   */
  CompletableFuture<LedgerEntry> record(Receipt receipt, boolean deliver);

  /**
   * Appends a receipt that its requester delivers, who has it and is in no hurry: as {@link
   * #record} does, but with the next commit or within about 100 ms.
   */
  CompletableFuture<LedgerEntry> receive(Receipt receipt);

  /**
   * Appends this node's half of a receipt for a task that it ran for another; the receipt itself,
   * once it comes, is recorded beside it. With the next commit or within about 100 ms.
   *
   * @throws IllegalArgumentException if it is not signed by its worker
   */
  CompletableFuture<LedgerEntry> result(Receipt half);

  /**
   * Notes which results of before a moment have no receipt, once each.
   *
   * @return how many
   */
  CompletableFuture<Integer> dispute(Instant before);

  /** The oldest receipts that their workers have not acknowledged. */
  List<Settlement> pendingSettlements(int max);

  /** Notes that a worker acknowledged its receipt. */
  CompletableFuture<Void> settled(long sequence);

  /** The entry of a task's receipt, if there is one; of several the first. */
  OptionalLong receiptOf(String task);

  /**
   * Forgets the payloads of entries before a moment, but for receipts that are still to be
   * delivered, and notes that. The chain, its proofs and its checkpoints stay good.
   *
   * @return how many were forgotten
   */
  CompletableFuture<Long> forget(Instant before);

  /**
   * Writes a copy of the database, as it is at a moment, into a zip file; others may write
   * meanwhile.
   *
   * @param file one that is not there yet
   * @throws java.io.UncheckedIOException if it cannot be written
   */
  void backup(Path file);

  /** The first entry that is not before a moment, or the one after the last. */
  long firstSince(Instant moment);

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
