package dev.waggle.node.data;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.InviteTerms;
import dev.waggle.mesh.swarm.membership.JoinRefusal;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.MembershipStore;
import dev.waggle.mesh.swarm.membership.Revocation;
import dev.waggle.mesh.swarm.membership.Role;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The membership in the node's database. A write has been forced to disk when it returns. */
public final class H2MembershipStore implements MembershipStore {
  private static final int DEPARTURES_MAX = 16;

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
          for (String table : List.of("own", "member", "invite", "revocation")) {
            NodeDatabase.change(connection, "DELETE FROM " + table);
          }
          return NodeDatabase.change(
              connection, "INSERT INTO own (id, chain) VALUES (1, ?)", own.bytes());
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
            NodeDatabase.change(
                connection,
                "MERGE INTO member (peer, chain, addresses) KEY (peer) VALUES (?, ?, ?)",
                member.chain().leaf().subject().toString(),
                member.chain().bytes(),
                addresses));
  }

  @Override
  public void remove(PeerId member) {
    database.write(
        connection ->
            NodeDatabase.change(
                connection, "DELETE FROM member WHERE peer = ?", member.toString()));
  }

  @Override
  public void renew(CertificateChain own) {
    database.write(
        connection -> NodeDatabase.change(connection, "UPDATE own SET chain = ?", own.bytes()));
  }

  @Override
  public List<Revocation> revocations() {
    return words("SELECT bytes FROM revocation LIMIT " + Membership.REVOCATIONS_MAX);
  }

  @Override
  public void save(Revocation revocation) {
    database.write(
        connection ->
            NodeDatabase.change(
                connection,
                "MERGE INTO revocation (subject, issuer, bytes) KEY (subject, issuer)"
                    + " VALUES (?, ?, ?)",
                revocation.subject().toString(),
                revocation.issuer().toString(),
                revocation.bytes()));
  }

  @Override
  public void saveDeparture(Revocation departure) {
    database.write(
        connection -> {
          NodeDatabase.change(
              connection,
              "DELETE FROM departure WHERE id NOT IN"
                  + " (SELECT id FROM departure ORDER BY id DESC LIMIT ?)",
              DEPARTURES_MAX - 1);
          return NodeDatabase.change(
              connection,
              "INSERT INTO departure (id, bytes)"
                  + " VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM departure), ?)",
              departure.bytes());
        });
  }

  @Override
  public List<Revocation> departures() {
    return words("SELECT bytes FROM departure ORDER BY id DESC LIMIT " + DEPARTURES_MAX);
  }

  private List<Revocation> words(String sql) {
    return database.read(
        connection -> {
          List<Revocation> words = new ArrayList<>();
          try (PreparedStatement select = connection.prepareStatement(sql);
              ResultSet row = select.executeQuery()) {
            while (row.next()) {
              words.add(Revocation.parse(row.getBytes(1)));
            }
          } catch (MembershipException e) {
            throw new SQLException("a stored revocation is damaged: " + e.getMessage(), e);
          }
          return words;
        });
  }

  @Override
  public void saveInvite(byte[] secretHash, Instant expiry, InviteTerms terms) {
    database.write(
        connection -> {
          NodeDatabase.change(
              connection,
              "DELETE FROM invite WHERE expiry_ms < ?",
              Instant.now().minus(Membership.INVITE_MAX).toEpochMilli());
          return NodeDatabase.change(
              connection,
              "INSERT INTO invite (secret_hash, expiry_ms, roles, labels, bound)"
                  + " VALUES (?, ?, ?, ?, ?)",
              secretHash,
              expiry.toEpochMilli(),
              String.join(",", terms.roles().stream().map(Role::name).sorted().toList()),
              String.join(",", Label.texts(terms.labels())),
              terms.bound().map(PeerId::toString).orElse(null));
        });
  }

  @Override
  public Redemption redeem(byte[] secretHash, PeerId joiner, Instant now) {
    return database.write(
        connection -> {
          // One statement decides, so of concurrent joiners one only finds it unused.
          int used =
              NodeDatabase.change(
                  connection,
                  "UPDATE invite SET used_by = ? WHERE secret_hash = ?"
                      + " AND (bound IS NULL OR bound = ?)"
                      + " AND (used_by = ? OR (used_by IS NULL AND expiry_ms > ?))",
                  joiner.toString(),
                  secretHash,
                  joiner.toString(),
                  joiner.toString(),
                  now.toEpochMilli());
          return answer(connection, secretHash, joiner, used == 1);
        });
  }

  private static Redemption answer(
      Connection connection, byte[] secretHash, PeerId joiner, boolean redeemed)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT roles, labels, bound, used_by IS NULL FROM invite WHERE secret_hash = ?")) {
      select.setBytes(1, secretHash);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return new Redemption.Refused(JoinRefusal.UNKNOWN);
        }
        Optional<PeerId> bound = Optional.ofNullable(row.getString(3)).map(PeerId::parse);
        if (redeemed) {
          Set<Role> roles =
              Stream.of(row.getString(1).split(",", -1))
                  .map(Role::valueOf)
                  .collect(Collectors.toSet());
          return new Redemption.Redeemed(new InviteTerms(roles, labels(row.getString(2)), bound));
        }
        if (bound.isPresent() && !bound.get().equals(joiner)) {
          return new Redemption.Refused(JoinRefusal.ANOTHERS);
        }
        return new Redemption.Refused(row.getBoolean(4) ? JoinRefusal.EXPIRED : JoinRefusal.USED);
      }
    }
  }

  private static Set<Label> labels(String joined) {
    return joined.isEmpty()
        ? Set.of()
        : Label.all(List.of(joined.split(",", -1)), Label.OF_CERTIFICATE_MAX);
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
