package dev.waggle.ledger.tlog;

import dev.waggle.crypto.Sha256;

/** The hashes of RFC 6962, section 2.1: leaves and nodes are told apart by their first byte. */
public final class MerkleHash {
  /** The length of a hash in bytes. */
  public static final int BYTES = 32;

  private static final byte[] LEAF = {0};
  private static final byte[] NODE = {1};

  private MerkleHash() {}

  /** The hash of a leaf. */
  public static byte[] leaf(byte[] content) {
    return Sha256.of(LEAF, content);
  }

  /** The hash of a node over its children. */
  public static byte[] node(byte[] left, byte[] right) {
    return Sha256.of(NODE, left, right);
  }

  /** The root of a tree without leaves. */
  public static byte[] empty() {
    return Sha256.of();
  }
}
