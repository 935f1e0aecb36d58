package dev.waggle.node.data;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.membership.Membership;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.MembershipStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;

/** The membership in the node's database. A write has been forced to disk when it returns. */
public final class H2MembershipStore implements MembershipStore {
  private final NodeDatabase database;

  public H2MembershipStore(NodeDatabase database) {
    this.database = database;
  }

  @Override
  public Optional<CertificateChain> ownChain() {
    return read(
        handle ->
            handle
                .createQuery("SELECT chain FROM own")
                .mapTo(byte[].class)
                .findOne()
                .map(H2MembershipStore::chain));
  }

  @Override
  public void enter(CertificateChain own) {
    write(
        handle -> {
          handle.execute("DELETE FROM own");
          handle.execute("DELETE FROM member");
          handle.execute("DELETE FROM invite");
          handle.execute("INSERT INTO own (id, chain) VALUES (1, ?)", (Object) own.bytes());
          return null;
        });
  }

  @Override
  public List<Member> members() {
    return read(
        handle ->
            handle
                .createQuery("SELECT chain, addresses FROM member LIMIT :max")
                .bind("max", Membership.MEMBERS_MAX)
                .map((row, context) -> member(row.getBytes(1), row.getString(2)))
                .list());
  }

  @Override
  public void save(Member member) {
    String addresses =
        String.join("\n", member.addresses().stream().map(Multiaddr::toString).toList());
    write(
        handle ->
            handle.execute(
                "MERGE INTO member (peer, chain, addresses) KEY (peer) VALUES (?, ?, ?)",
                member.chain().leaf().subject().toString(),
                member.chain().bytes(),
                addresses));
  }

  @Override
  public void saveInvite(byte[] secretHash, Instant expiry) {
    write(
        handle -> {
          handle.execute(
              "DELETE FROM invite WHERE expiry_ms < ?",
              Instant.now().minus(Membership.INVITE_MAX).toEpochMilli());
          return handle.execute(
              "INSERT INTO invite (secret_hash, expiry_ms) VALUES (?, ?)",
              secretHash,
              expiry.toEpochMilli());
        });
  }

  @Override
  public Redemption redeem(byte[] secretHash, PeerId joiner, Instant now) {
    return write(
        handle -> {
          // One statement decides, so of concurrent joiners one only finds it unused.
          int used =
              handle.execute(
                  "UPDATE invite SET used_by = ? WHERE secret_hash = ?"
                      + " AND (used_by = ? OR (used_by IS NULL AND expiry_ms > ?))",
                  joiner.toString(),
                  secretHash,
                  joiner.toString(),
                  now.toEpochMilli());
          return used == 1 ? Redemption.REDEEMED : refusal(handle, secretHash);
        });
  }

  private static Redemption refusal(Handle handle, byte[] secretHash) {
    return handle
        .createQuery("SELECT used_by IS NULL FROM invite WHERE secret_hash = :hash")
        .bind("hash", secretHash)
        .mapTo(Boolean.class)
        .findOne()
        .map(unused -> unused ? Redemption.EXPIRED : Redemption.USED)
        .orElse(Redemption.UNKNOWN);
  }

  private <T> T read(Function<Handle, T> query) {
    try {
      return database.jdbi().withHandle(query::apply);
    } catch (JdbiException e) {
      throw failed("read", e);
    }
  }

  private <T extends @org.jspecify.annotations.Nullable Object> T write(
      Function<Handle, T> change) {
    try {
      return database
          .jdbi()
          .withHandle(
              handle -> {
                T result = handle.inTransaction(change::apply);
                // A commit alone does not reach the disk.
                handle.execute("CHECKPOINT SYNC");
                return result;
              });
    } catch (JdbiException e) {
      throw failed("written", e);
    }
  }

  private static UncheckedIOException failed(String what, JdbiException e) {
    return new UncheckedIOException(
        new IOException("the node's database cannot be " + what + ": " + e.getMessage(), e));
  }

  private static Member member(byte[] chain, String addresses) {
    List<Multiaddr> parsed = new ArrayList<>();
    Arrays.stream(addresses.split("\n", -1))
        .filter(text -> !text.isEmpty())
        .forEach(text -> parsed.add(Multiaddr.parse(text)));
    return new Member(chain(chain), parsed);
  }

  private static CertificateChain chain(byte[] bytes) {
    try {
      return CertificateChain.parse(bytes);
    } catch (MembershipException e) {
      throw new UncheckedIOException(
          new MalformedFrameException("a stored certificate is damaged: " + e.getMessage()));
    }
  }
}
