package dev.waggle.ledger;

import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks a record entry by entry, wherever the entries come from: each one's place, form, link and
 * payload, every receipt's two signatures, and the root over all. Not thread-safe.
 */
public final class ChainCheck {
  private final Tiles tiles = Tiles.empty();
  private final Tiles.Sink sink;
  private byte[] hash = new byte[LedgerEntry.HASH_BYTES];
  private long checked;
  private long receipts;
  private @Nullable LedgerEntry last;
  private long lastForgotten;
  private long mayBeForgotten;

  /** Begins with the first entry. */
  public ChainCheck() {
    this((level, place, hashes, root) -> {});
  }

  /**
   * @param sink hears of the tiles of the tree
   */
  ChainCheck(Tiles.Sink sink) {
    this.sink = sink;
  }

  /** How many entries were checked, the last one included. */
  public long checked() {
    return checked;
  }

  /**
   * The entry that was checked last.
   *
   * @throws IllegalStateException before the first good one
   */
  public LedgerEntry last() {
    if (last == null) {
      throw new IllegalStateException("no entry was checked");
    }
    return last;
  }

  /** How many of them are receipts with both signatures good. */
  public long receipts() {
    return receipts;
  }

  /**
   * Checks the next entry.
   *
   * @param bytes the entry as it is hashed
   * @param payload null when it was forgotten
   * @return what is wrong with it; empty when nothing is
   */
  public Optional<String> next(byte[] bytes, byte @Nullable [] payload) {
    try {
      return link(bytes, payload, LedgerEntry.hash(hash, bytes));
    } catch (SQLException e) {
      throw new AssertionError("no database is asked", e);
    }
  }

  /**
   * @param stored the hash that was kept with it
   */
  Optional<String> next(byte[] bytes, byte @Nullable [] payload, byte[] stored)
      throws SQLException {
    byte[] computed = LedgerEntry.hash(hash, bytes);
    if (!Arrays.equals(computed, stored)) {
      checked++;
      return Optional.of("its hash does not match its content and the entry before");
    }
    return link(bytes, payload, computed);
  }

  private Optional<String> link(byte[] bytes, byte @Nullable [] payload, byte[] computed)
      throws SQLException {
    checked++;
    try {
      LedgerEntry entry = LedgerEntry.parse(bytes, payload, computed);
      if (entry.sequence() != checked) {
        return Optional.of("it says that it is entry " + entry.sequence());
      }
      if (!Arrays.equals(entry.previousHash(), hash)) {
        return Optional.of("it does not link to the entry before");
      }
      hash = computed;
      last = entry;
      tiles.add(bytes, sink);
      if (payload == null) {
        lastForgotten = checked;
        return Optional.empty();
      }
      if (entry.type() == EntryType.FORGET) {
        mayBeForgotten = Math.max(mayBeForgotten, Forgotten.parse(payload).until());
      }
      return switch (entry.type()) {
        case RECEIPT -> checkReceipt(payload);
        case RESULT -> checkResult(payload);
        case CLAIM -> checkClaim(payload);
        default -> Optional.empty();
      };
    } catch (LedgerException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private Optional<String> checkReceipt(byte[] payload) {
    try {
      if (!Receipt.parse(payload).verifyBoth()) {
        return Optional.of("its receipt is not signed by both sides");
      }
      receipts++;
      return Optional.empty();
    } catch (MalformedReceiptException e) {
      return Optional.of("its receipt cannot be read: " + e.getMessage());
    }
  }

  private static Optional<String> checkResult(byte[] payload) {
    try {
      return Receipt.parse(payload).verifyWorker()
          ? Optional.empty()
          : Optional.of("its result is not signed by its worker");
    } catch (MalformedReceiptException e) {
      return Optional.of("its result cannot be read: " + e.getMessage());
    }
  }

  private static Optional<String> checkClaim(byte[] payload) throws LedgerException {
    return Claimed.parse(payload).promise().isSigned()
        ? Optional.empty()
        : Optional.of("its claim is not signed by its worker");
  }

  /** What is wrong with the whole, now that all entries were checked; empty when nothing is. */
  public Optional<String> atEnd() {
    return lastForgotten > mayBeForgotten
        ? Optional.of("the payload of entry " + lastForgotten + " is gone, and was not forgotten")
        : Optional.empty();
  }

  /**
   * What is wrong with the entries so far for who saw the record before; empty when nothing is, and
   * where what was seen is over another number of entries.
   */
  public Optional<String> compare(Optional<SignedCheckpoint> seen) {
    return seen.filter(known -> known.checkpoint().size() == checked)
        .flatMap(this::under)
        .map(cause -> "it is not the record that this node cosigned: " + cause);
  }

  /** What is wrong with a checkpoint over exactly these entries; empty when nothing is. */
  public Optional<String> under(SignedCheckpoint checkpoint) {
    if (checkpoint.checkpoint().size() != checked) {
      return Optional.of(
          "the checkpoint is over " + checkpoint.checkpoint().size() + " entries, not " + checked);
    }
    if (!Arrays.equals(checkpoint.checkpoint().root(), tiles.root())) {
      return Optional.of("the signed head over it names another root");
    }
    return checkpoint.isSigned()
        ? Optional.empty()
        : Optional.of("the head over it is not signed by " + checkpoint.checkpoint().log());
  }
}
