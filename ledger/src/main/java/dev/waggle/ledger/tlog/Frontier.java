package dev.waggle.ledger.tlog;

import java.util.ArrayList;
import java.util.List;

/**
 * The right edge of a growing tree: the roots of its complete subtrees, the largest first. Knows
 * the root of the whole after each leaf at the cost of a few hashes. Not thread-safe.
 */
public final class Frontier {
  private final List<byte[]> subtrees = new ArrayList<>();
  private long size;

  /** Hears of the nodes of a tree, leaves included, lower ones first. */
  @FunctionalInterface
  public interface Nodes<E extends Exception> {
    /**
     * A node is known.
     *
     * @param level 0 for leaves
     */
    void onNode(int level, byte[] hash) throws E;
  }

  /** The edge of a tree that is there already. */
  public static <E extends Exception> Frontier of(long size, MerkleTree.Subtrees<E> tree) throws E {
    Frontier frontier = new Frontier();
    long done = 0;
    for (long left = size; left > 0; left -= Long.highestOneBit(left)) {
      long part = Long.highestOneBit(left);
      int level = Long.numberOfTrailingZeros(part);
      frontier.subtrees.add(tree.hash(level, done >>> level));
      done += part;
    }
    frontier.size = size;
    return frontier;
  }

  /** How many leaves there are. */
  public long size() {
    return size;
  }

  /**
   * Adds a leaf.
   *
   * @param leafHash see {@link MerkleHash#leaf}
   */
  public void add(byte[] leafHash) {
    add(leafHash, (level, hash) -> {});
  }

  /**
   * Adds a leaf.
   *
   * @param nodes hears of the nodes that are known by it
   */
  public <E extends Exception> void add(byte[] leafHash, Nodes<E> nodes) throws E {
    byte[] hash = leafHash;
    int level = 0;
    nodes.onNode(level, hash);
    for (long bit = size; (bit & 1) == 1; bit >>>= 1) {
      hash = MerkleHash.node(subtrees.remove(subtrees.size() - 1), hash);
      level++;
      nodes.onNode(level, hash);
    }
    subtrees.add(hash);
    size++;
  }

  /** The root of the whole. */
  public byte[] root() {
    if (size == 0) {
      return MerkleHash.empty();
    }
    byte[] root = subtrees.get(subtrees.size() - 1);
    for (int i = subtrees.size() - 2; i >= 0; i--) {
      root = MerkleHash.node(subtrees.get(i), root);
    }
    return root;
  }
}
