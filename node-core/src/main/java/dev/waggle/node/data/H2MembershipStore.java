package dev.waggle.node.data;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.MembershipStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The membership in the node's database. A write has been forced to disk when it returns. */
public final class H2MembershipStore implements MembershipStore {
  private final NodeDatabase database;

  public H2MembershipStore(NodeDatabase database) {
    this.database = database;
  }

  @Override
  public Optional<CertificateChain> ownChain() {
    return database.read(
        connection -> {
          try (PreparedStatement select = connection.prepareStatement("SELECT chain FROM own");
              ResultSet row = select.executeQuery()) {
            return row.next() ? Optional.of(chain(row.getBytes(1))) : Optional.empty();
          }
        });
  }

  @Override
  public void enter(CertificateChain own) {
    database.write(
        connection -> {
          for (String table : List.of("own", "member", "invite")) {
            change(connection, "DELETE FROM " + table);
          }
          return change(connection, "INSERT INTO own (id, chain) VALUES (1, ?)", own.bytes());
        });
  }

  @Override
  public List<Member> members() {
    return database.read(
        connection -> {
          List<Member> members = new ArrayList<>();
          try (PreparedStatement select =
                  connection.prepareStatement(
                      "SELECT chain, addresses FROM member LIMIT " + Membership.MEMBERS_MAX);
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              members.add(new Member(chain(row.getBytes(1)), addresses(row.getString(2))));
            }
          }
          return members;
        });
  }

  @Override
  public void save(Member member) {
    String addresses =
        String.join("\n", member.addresses().stream().map(Multiaddr::toString).toList());
    database.write(
        connection ->
            change(
                connection,
                "MERGE INTO member (peer, chain, addresses) KEY (peer) VALUES (?, ?, ?)",
                member.chain().leaf().subject().toString(),
                member.chain().bytes(),
                addresses));
  }

  @Override
  public void saveInvite(byte[] secretHash, Instant expiry) {
    database.write(
        connection -> {
          change(
              connection,
              "DELETE FROM invite WHERE expiry_ms < ?",
              Instant.now().minus(Membership.INVITE_MAX).toEpochMilli());
          return change(
              connection,
              "INSERT INTO invite (secret_hash, expiry_ms) VALUES (?, ?)",
              secretHash,
              expiry.toEpochMilli());
        });
  }

  @Override
  public Redemption redeem(byte[] secretHash, PeerId joiner, Instant now) {
    return database.write(
        connection -> {
          // One statement decides, so of concurrent joiners one only finds it unused.
          int used =
              change(
                  connection,
                  "UPDATE invite SET used_by = ? WHERE secret_hash = ?"
                      + " AND (used_by = ? OR (used_by IS NULL AND expiry_ms > ?))",
                  joiner.toString(),
                  secretHash,
                  joiner.toString(),
                  now.toEpochMilli());
          return used == 1 ? Redemption.REDEEMED : refusal(connection, secretHash);
        });
  }

  private static Redemption refusal(Connection connection, byte[] secretHash) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT used_by IS NULL FROM invite WHERE secret_hash = ?")) {
      select.setBytes(1, secretHash);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return Redemption.UNKNOWN;
        }
        return row.getBoolean(1) ? Redemption.EXPIRED : Redemption.USED;
      }
    }
  }

  private static int change(Connection connection, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement.executeUpdate();
    }
  }

  private static List<Multiaddr> addresses(String lines) {
    return lines.lines().map(Multiaddr::parse).toList();
  }

  private static CertificateChain chain(byte[] bytes) throws SQLException {
    try {
      return CertificateChain.parse(bytes);
    } catch (MembershipException e) {
      throw new SQLException("a stored certificate is damaged: " + e.getMessage(), e);
    }
  }
}
