package dev.waggle.ledger;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * A signed statement of how far the log goes and what its last entry's hash is; it covers every
 * entry up to there.
 *
 * @param sequence the last entry's place; 0 for an empty log
 * @param hash the last entry's hash, 32 bytes
 * @param time when it was signed, to the millisecond
 * @param signature the node's Ed25519 signature over the rest
 */
public record Head(long sequence, byte[] hash, Instant time, byte[] signature) {
  private static final byte[] DOMAIN = "waggle-ledger-head-1".getBytes(StandardCharsets.US_ASCII);

  static Head sign(long sequence, byte[] hash, Instant time, Identity identity) {
    return new Head(sequence, hash, time, identity.sign(signed(sequence, hash, time)));
  }

  /** Whether the peer signed this head. */
  public boolean verify(PeerId signer) {
    return signer.verify(signed(sequence, hash, time), signature);
  }

  private static byte[] signed(long sequence, byte[] hash, Instant time) {
    return ByteBuffer.allocate(DOMAIN.length + Long.BYTES + hash.length + Long.BYTES)
        .put(DOMAIN)
        .putLong(sequence)
        .put(hash)
        .putLong(time.toEpochMilli())
        .array();
  }
}
