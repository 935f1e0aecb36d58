package dev.waggle.ledger;

import dev.waggle.ledger.tlog.MerkleHash;
import dev.waggle.ledger.tlog.MerkleTree;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The tree over the entries of a database. A hash is found with one or two short queries, however
 * long the log is. Not thread-safe.
 */
final class H2Tree implements MerkleTree.Subtrees<SQLException> {
  private final Connection connection;

  H2Tree(Connection connection) {
    this.connection = connection;
  }

  @Override
  public byte[] hash(int level, long index) throws SQLException {
    int tileLevel = level / Tiles.HEIGHT;
    int above = level % Tiles.HEIGHT;
    if (above == 0 && tileLevel > 0) {
      return hashes(tileLevel, index, 1).get(0);
    }
    List<byte[]> row = hashes(tileLevel, index << above, 1 << above);
    while (row.size() > 1) {
      List<byte[]> higher = new ArrayList<>(row.size() / 2);
      for (int i = 0; i < row.size(); i += 2) {
        higher.add(MerkleHash.node(row.get(i), row.get(i + 1)));
      }
      row = higher;
    }
    return row.get(0);
  }

  /** Neighbouring hashes of a level that is kept, all within one tile. */
  List<byte[]> hashes(int tileLevel, long first, int count) throws SQLException {
    List<byte[]> found = new ArrayList<>(count);
    byte[] tile = count > 1 ? tile(tileLevel, first / Tiles.WIDTH) : new byte[0];
    if (tile.length > 0) {
      int begin = (int) (first % Tiles.WIDTH) * MerkleHash.BYTES;
      for (int at = begin; at < begin + count * MerkleHash.BYTES; at += MerkleHash.BYTES) {
        found.add(Arrays.copyOfRange(tile, at, at + MerkleHash.BYTES));
      }
      return found;
    }
    String sql =
        tileLevel == 0
            ? "SELECT bytes FROM entry WHERE sequence BETWEEN ? AND ? ORDER BY sequence"
            : "SELECT root FROM tile WHERE place BETWEEN ? AND ? AND level = ? ORDER BY place";
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      // Entries count from one, hashes from zero.
      long from = tileLevel == 0 ? first + 1 : first;
      select.setLong(1, from);
      select.setLong(2, from + count - 1);
      if (tileLevel > 0) {
        select.setInt(3, tileLevel - 1);
      }
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          byte[] bytes = row.getBytes(1);
          found.add(tileLevel == 0 ? MerkleHash.leaf(bytes) : bytes);
        }
      }
    }
    if (found.size() != count) {
      throw new SQLException("the ledger's tree has a gap (try: waggle ledger verify)");
    }
    return found;
  }

  private byte[] tile(int level, long place) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT hashes FROM tile WHERE level = ? AND place = ?")) {
      select.setInt(1, level);
      select.setLong(2, place);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? row.getBytes(1) : new byte[0];
      }
    }
  }
}
