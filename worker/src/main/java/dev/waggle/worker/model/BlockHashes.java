package dev.waggle.worker.model;

import dev.waggle.crypto.Sha256;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlockRange;
import java.util.Arrays;

/** A blob's size and the SHA-256 of each of its blocks. Equal when all of it is. */
final class BlockHashes {
  private final long sizeBytes;
  private final byte[] hashes;

  /**
   * @param hashes one after the other, one for each block
   */
  BlockHashes(long sizeBytes, byte[] hashes) {
    if (hashes.length != BlockRange.blocks(sizeBytes) * BlobDigest.BYTES) {
      throw new IllegalArgumentException("each block has one hash");
    }
    this.sizeBytes = sizeBytes;
    this.hashes = hashes.clone();
  }

  long sizeBytes() {
    return sizeBytes;
  }

  int count() {
    return hashes.length / BlobDigest.BYTES;
  }

  /** Whether those are the bytes of a block. */
  boolean matches(int block, byte[] bytes) {
    int at = block * BlobDigest.BYTES;
    byte[] hash = Sha256.of(bytes);
    return bytes.length == BlockRange.length(block, sizeBytes)
        && Arrays.equals(hashes, at, at + BlobDigest.BYTES, hash, 0, BlobDigest.BYTES);
  }

  /** As many of the range as there are. */
  BlobReply.Hashes page(BlockRange range) {
    int from = Math.min(range.from(), count());
    int end = Math.min(range.end(), count());
    return new BlobReply.Hashes(
        sizeBytes, Arrays.copyOfRange(hashes, from * BlobDigest.BYTES, end * BlobDigest.BYTES));
  }

  @Override
  public boolean equals(@org.jspecify.annotations.Nullable Object other) {
    return other instanceof BlockHashes same
        && sizeBytes == same.sizeBytes
        && Arrays.equals(hashes, same.hashes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hashes);
  }
}
