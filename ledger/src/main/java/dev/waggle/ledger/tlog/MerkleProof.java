package dev.waggle.ledger.tlog;

import java.security.MessageDigest;
import java.util.Iterator;
import java.util.List;

/** Checks proofs, as RFC 9162, sections 2.1.3.2 and 2.1.4.2, say it. */
public final class MerkleProof {
  private MerkleProof() {}

  /**
   * Whether a leaf is in the tree of that size and root.
   *
   * @param leafHash see {@link MerkleHash#leaf}
   * @param index the leaf's place, from 0
   */
  public static boolean includes(
      byte[] leafHash, long index, long size, List<byte[]> proof, byte[] root) {
    if (index < 0 || index >= size) {
      return false;
    }
    long node = index;
    long last = size - 1;
    byte[] hash = leafHash;
    for (byte[] each : proof) {
      if (last == 0 || each.length != MerkleHash.BYTES) {
        return false;
      }
      if ((node & 1) == 1 || node == last) {
        hash = MerkleHash.node(each, hash);
        while ((node & 1) == 0 && node != 0) {
          node >>>= 1;
          last >>>= 1;
        }
      } else {
        hash = MerkleHash.node(hash, each);
      }
      node >>>= 1;
      last >>>= 1;
    }
    return last == 0 && MessageDigest.isEqual(hash, root);
  }

  /** Whether the later tree begins with the leaves of the earlier one. */
  public static boolean continues(
      long earlier, byte[] earlierRoot, long later, byte[] laterRoot, List<byte[]> proof) {
    if (earlier < 0 || earlier > later) {
      return false;
    }
    if (earlier == later) {
      return proof.isEmpty() && MessageDigest.isEqual(earlierRoot, laterRoot);
    }
    if (earlier == 0) {
      return proof.isEmpty() && MessageDigest.isEqual(earlierRoot, MerkleHash.empty());
    }
    if (proof.isEmpty() || proof.stream().anyMatch(each -> each.length != MerkleHash.BYTES)) {
      return false;
    }
    Iterator<byte[]> rest = proof.iterator();
    long node = earlier - 1;
    long last = later - 1;
    while ((node & 1) == 1) {
      node >>>= 1;
      last >>>= 1;
    }
    // A tree that is complete is a node of the later one, and its root the first of the proof.
    byte[] first = Long.bitCount(earlier) == 1 ? earlierRoot : rest.next();
    byte[] before = first;
    byte[] after = first;
    while (rest.hasNext()) {
      byte[] each = rest.next();
      if (last == 0) {
        return false;
      }
      if ((node & 1) == 1 || node == last) {
        before = MerkleHash.node(each, before);
        after = MerkleHash.node(each, after);
        while ((node & 1) == 0 && node != 0) {
          node >>>= 1;
          last >>>= 1;
        }
      } else {
        after = MerkleHash.node(after, each);
      }
      node >>>= 1;
      last >>>= 1;
    }
    return last == 0
        && MessageDigest.isEqual(before, earlierRoot)
        && MessageDigest.isEqual(after, laterRoot);
  }
}
