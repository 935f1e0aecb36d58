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
    frontier.add(
        MerkleHash.leaf(entryBytes),
        (height, hash) -> {
          if (height % HEIGHT == 0) {
            add(height / HEIGHT, hash, sink);
          }
        });
  }

  /** Adds a node of a level that is kept, which is the root of the tile below. */
  private void add(int level, byte[] hash, Sink sink) throws SQLException {
    if (open.size() == level) {
      open.add(new ArrayList<>());
    }
    if (level > 0) {
      List<byte[]> row = open.get(level - 1);
      ByteBuffer hashes = ByteBuffer.allocate(WIDTH * MerkleHash.BYTES);
      row.forEach(hashes::put);
      row.clear();
      long place = frontier.size() >>> (HEIGHT * level);
      sink.onTile(level - 1, place, hashes.array(), hash);
    }
    open.get(level).add(hash);
  }

  /** The root of the tree now. */
  byte[] root() {
    return frontier.root();
  }
}
