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
