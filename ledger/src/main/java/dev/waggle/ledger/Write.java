package dev.waggle.ledger;

import dev.waggle.crypto.PeerId;
import java.util.concurrent.CompletableFuture;

/** One thing that waits to be written, and whom to tell when it is on disk or cannot be. */
sealed interface Write {
  /** Any entry. */
  record Append(EntryType type, PeerId actor, byte[] payload, CompletableFuture<LedgerEntry> done)
      implements Write {}

  /** A receipt of both sides, once. */
  record Settle(Receipt receipt, boolean deliver, CompletableFuture<LedgerEntry> done)
      implements Write {}

  /** A receipt is with its worker. */
  record Settled(long sequence, CompletableFuture<Void> done) implements Write {}

  /** Payloads up to an entry go; so many went already. */
  record Forget(long from, long until, long done, CompletableFuture<Long> count) implements Write {}

  /** This node's half of a receipt. */
  record Result(Receipt half, CompletableFuture<LedgerEntry> done) implements Write {}

  /** Results up to an entry that have no receipt are noted. */
  record Disputing(long until, CompletableFuture<Integer> count) implements Write {}

  /** Tells that it was not written. */
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
