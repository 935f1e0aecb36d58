package dev.waggle.mesh.swarm.blob;

/**
 * Some blocks of a blob, one after the other.
 *
 * @param from the first, 0 or more
 * @param count how many, 1 or more
 */
public record BlockRange(int from, int count) {
  /** The length of every block of a blob but its last. */
  public static final int BLOCK_BYTES = 1 << 20;

  /** The largest blob, in bytes: larger than any model's file by far. */
  public static final long BLOB_BYTES_MAX = 512L << 30;

  /** The most blocks of a blob. */
  public static final int BLOCKS_MAX = (int) (BLOB_BYTES_MAX / BLOCK_BYTES);

  public BlockRange {
    if (from < 0 || count < 1 || from > BLOCKS_MAX - count) {
      throw new IllegalArgumentException("that is no range of blocks");
    }
  }

  /** The block after the last one. */
  public int end() {
    return from + count;
  }

  /** How many blocks a blob of that many bytes has. */
  public static int blocks(long sizeBytes) {
    if (sizeBytes < 1 || sizeBytes > BLOB_BYTES_MAX) {
      throw new IllegalArgumentException("a blob has 1 to " + BLOB_BYTES_MAX + " bytes");
    }
    return (int) ((sizeBytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
  }

  /** Where a block begins, in bytes. */
  public static long offset(int block) {
    return (long) block * BLOCK_BYTES;
  }

  /** How many bytes a block has of a blob of that size. */
  public static int length(int block, long sizeBytes) {
    return (int) Math.min(BLOCK_BYTES, sizeBytes - offset(block));
  }

  /** How many bytes the range has of a blob of that size. */
  public long bytes(long sizeBytes) {
    return Math.min(offset(end()), sizeBytes) - offset(from);
  }
}
