package dev.waggle.ledger;

import dev.waggle.ledger.tlog.MerkleHash;
import dev.waggle.ledger.tlog.MerkleProof;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.util.List;

/**
 * Proof that a log has an entry.
 *
 * @param inclusion see {@link dev.waggle.ledger.tlog.MerkleTree#inclusion}
 */
public record EntryProof(LedgerEntry entry, List<byte[]> inclusion, SignedCheckpoint checkpoint) {
  /**
   * A proof of its parts.
   *
   * @param entryBytes the entry as it is stored and hashed
   * @throws LedgerException if they are no entry, or its payload is another
   */
  public static EntryProof of(
      byte[] entryBytes, byte[] payload, List<byte[]> inclusion, SignedCheckpoint checkpoint)
      throws LedgerException {
    return new EntryProof(LedgerEntry.parse(entryBytes, payload), inclusion, checkpoint);
  }

  /** Whether it proves that, given that the checkpoint is signed. */
  public boolean holds() {
    return MerkleProof.includes(
        MerkleHash.leaf(entry.bytes()),
        entry.sequence() - 1,
        checkpoint.checkpoint().size(),
        inclusion,
        checkpoint.checkpoint().root());
  }
}
