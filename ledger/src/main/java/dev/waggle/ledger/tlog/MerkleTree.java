package dev.waggle.ledger.tlog;

import java.util.ArrayList;
import java.util.List;

/**
 * Roots and proofs of a tree whose complete subtrees can be looked up (RFC 6962, section 2.1). A
 * subtree of level k has 2^k leaves; its index counts such subtrees from the left.
 *
 * @param <E> what looking up may fail with
 */
public final class MerkleTree<E extends Exception> {
  /** The longest proof: one hash for each level of the largest tree. */
  public static final int PROOF_HASHES_MAX = Long.SIZE - 1;

  private final Subtrees<E> subtrees;

  /** The hashes of complete subtrees. */
  public interface Subtrees<E extends Exception> {
    /** The hash of the complete subtree. */
    byte[] hash(int level, long index) throws E;
  }

  public MerkleTree(Subtrees<E> subtrees) {
    this.subtrees = subtrees;
  }

  /** The root of the tree of the first leaves. */
  public byte[] root(long size) throws E {
    return size == 0 ? MerkleHash.empty() : range(0, size);
  }

  /**
   * The proof that a leaf is in the tree of that size, from the bottom up.
   *
   * @param leaf its index, from 0
   */
  public List<byte[]> inclusion(long leaf, long size) throws E {
    if (leaf < 0 || leaf >= size) {
      throw new IllegalArgumentException("no leaf " + leaf + " in a tree of " + size);
    }
    List<byte[]> proof = new ArrayList<>();
    addInclusion(proof, leaf, 0, size);
    return proof;
  }

  private void addInclusion(List<byte[]> proof, long leaf, long begin, long end) throws E {
    if (end - begin == 1) {
      return;
    }
    long middle = begin + split(end - begin);
    if (leaf < middle) {
      addInclusion(proof, leaf, begin, middle);
      proof.add(range(middle, end));
    } else {
      addInclusion(proof, leaf, middle, end);
      proof.add(range(begin, middle));
    }
  }

  /**
   * The proof that the tree of the later size continues that of the earlier one (RFC 6962, section
   * 2.1.2); empty when one of the two has no leaves or both are one.
   */
  public List<byte[]> consistency(long earlier, long later) throws E {
    if (earlier < 0 || earlier > later) {
      throw new IllegalArgumentException("a tree of " + later + " continues none of " + earlier);
    }
    List<byte[]> proof = new ArrayList<>();
    if (earlier > 0 && earlier < later) {
      addConsistency(proof, earlier, 0, later, /* whole= */ true);
    }
    return proof;
  }

  private void addConsistency(List<byte[]> proof, long earlier, long begin, long end, boolean whole)
      throws E {
    if (earlier == end) {
      if (!whole) {
        proof.add(range(begin, end));
      }
      return;
    }
    long middle = begin + split(end - begin);
    if (earlier <= middle) {
      addConsistency(proof, earlier, begin, middle, whole);
      proof.add(range(middle, end));
    } else {
      addConsistency(proof, earlier, middle, end, /* whole= */ false);
      proof.add(range(begin, middle));
    }
  }

  /** The root over leaves of which the first begins a complete subtree. */
  private byte[] range(long begin, long end) throws E {
    long size = end - begin;
    if (Long.bitCount(size) == 1) {
      int level = Long.numberOfTrailingZeros(size);
      return subtrees.hash(level, begin >>> level);
    }
    long middle = begin + split(size);
    return MerkleHash.node(range(begin, middle), range(middle, end));
  }

  /** The largest power of two below a size of two or more. */
  static long split(long size) {
    return Long.highestOneBit(size - 1);
  }
}
