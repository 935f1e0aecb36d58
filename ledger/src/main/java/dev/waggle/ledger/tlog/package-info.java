/**
 * A transparency log: a Merkle tree over entries (RFC 6962), signed checkpoints of it (C2SP
 * tlog-checkpoint and signed-note), cosignatures of those who watch (C2SP tlog-cosignature), and
 * the proofs that tie them together. Everything here computes; nothing is stored.
 *
 * <p>Start with {@link dev.waggle.ledger.tlog.Checkpoint} and {@link
 * dev.waggle.ledger.tlog.MerkleTree}.
 */
@NullMarked
package dev.waggle.ledger.tlog;

import org.jspecify.annotations.NullMarked;
