package dev.waggle.ledger;

import dev.waggle.ledger.tlog.Frontier;
import dev.waggle.ledger.tlog.MerkleHash;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The tree as it grows: makes tiles as they become whole. Not thread-safe. */
final class Tiles {
  /** How many levels of the tree lie between two that are kept. */
  static final int HEIGHT = 8;

  /** How many hashes a tile has. */
  static final int WIDTH = 1 << HEIGHT;

  private final Frontier frontier;

  // Of each level that is kept, the hashes that no whole tile has yet.
  private final List<List<byte[]>> open = new ArrayList<>();

  /** Takes tiles that are whole. */
  interface Sink {
    void onTile(int level, long place, byte[] hashes, byte[] root) throws SQLException;
  }

  private Tiles(Frontier frontier) {
    this.frontier = frontier;
  }

  /** A tree without leaves. */
  static Tiles empty() {
    return new Tiles(new Frontier());
  }

  /** The tree of a size that is there already. */
  static Tiles of(long size, H2Tree tree) throws SQLException {
    Tiles tiles = new Tiles(Frontier.of(size, tree));
    int level = 0;
    for (long nodes = size; nodes > 0; nodes /= WIDTH) {
      int count = (int) (nodes % WIDTH);
      tiles.open.add(new ArrayList<>());
      for (long each = nodes - count; each < nodes; each++) {
        tiles.open.get(level).add(tree.hashes(level, each, 1).get(0));
      }
      level++;
    }
    return tiles;
  }

  /** Adds an entry. */
  void add(byte[] entryBytes, Sink sink) throws SQLException {
    byte[] leaf = MerkleHash.leaf(entryBytes);
    frontier.add(leaf);
    add(0, frontier.size() - 1, leaf, sink);
  }

  private void add(int level, long index, byte[] hash, Sink sink) throws SQLException {
    if (open.size() == level) {
      open.add(new ArrayList<>());
    }
    List<byte[]> row = open.get(level);
    row.add(hash);
    if (row.size() < WIDTH) {
      return;
    }
    ByteBuffer hashes = ByteBuffer.allocate(WIDTH * MerkleHash.BYTES);
    Frontier tile = new Frontier();
    for (byte[] each : row) {
      hashes.put(each);
      tile.add(each);
    }
    row.clear();
    byte[] root = tile.root();
    sink.onTile(level, index / WIDTH, hashes.array(), root);
    add(level + 1, index / WIDTH, root, sink);
  }

  /** The root of the tree now. */
  byte[] root() {
    return frontier.root();
  }
}
