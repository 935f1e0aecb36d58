package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.crypto.Sha256;
import dev.waggle.mesh.swarm.pb.RevocationBody;
import dev.waggle.mesh.swarm.pb.SignedRevocation;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The signed word that a member is none any more: the owner's about anybody, an admin's about those
 * that are no admins, or a member's about itself, which leaves. It covers the certificates that the
 * peer had at that time; one that is issued later is good again. Whoever has the bytes can check
 * them. Immutable.
 */
public final class Revocation {
  /** The longest reason, in characters. */
  public static final int REASON_CHARACTERS_MAX = 200;

  /** The most words of a revoked admin that can be left standing. */
  public static final int STANDING_MAX = Membership.MEMBERS_MAX;

  /** The longest binary form, in bytes. */
  public static final int BYTES_MAX =
      CertificateChain.BYTES_MAX + STANDING_MAX * (Certificate.SERIAL_BYTES + 2) + 1_024;

  private static final int VERSION = 1;
  private static final byte[] DOMAIN = "waggle-revocation-1".getBytes(StandardCharsets.US_ASCII);

  /** Whose word it is, which decides how far it reaches. */
  enum Authority {
    /** Voids every certificate of the peer, and what it issued but for what is named. */
    OWNER,
    /** Voids the certificates of one that is no admin. */
    ADMIN,
    /** Voids the peer's own membership. */
    SELF
  }

  private final byte[] body;
  private final byte[] signature;
  private final Optional<CertificateChain> chain;
  private final SwarmId swarm;
  private final PeerId subject;
  private final Instant issued;
  private final PeerId issuer;
  private final String reason;
  private final Set<ByteString> standing = new HashSet<>();

  private Revocation(byte[] body, byte[] signature, Optional<CertificateChain> chain)
      throws MembershipException {
    this.body = body;
    this.signature = signature;
    this.chain = chain;
    try {
      RevocationBody parsed = RevocationBody.parseFrom(body);
      if (parsed.getVersion() != VERSION) {
        throw new MembershipException(
            "revocation version " + parsed.getVersion() + " is not supported");
      }
      this.swarm = SwarmId.ofBytes(parsed.getSwarm().toByteArray());
      this.subject = PeerId.ofMultihash(parsed.getSubject().toByteArray());
      this.issued = Instant.ofEpochMilli(parsed.getIssuedMs());
      this.issuer = PeerId.ofMultihash(parsed.getIssuer().toByteArray());
      this.reason = parsed.getReason();
      this.standing.addAll(parsed.getStandingList());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MembershipException("the revocation cannot be read", e);
    }
    if (!isReason(reason) || standing.size() > STANDING_MAX) {
      throw new MembershipException("the revocation's reason or list is too long");
    }
  }

  /** Whether the text can be a reason: at most 200 printable characters. */
  static boolean isReason(String text) {
    return text.length() <= REASON_CHARACTERS_MAX
        && text.codePoints().noneMatch(Character::isISOControl);
  }

  /**
   * Makes and signs one.
   *
   * @param chain the issuer's own; empty for the owner, who has none
   * @param standing serials of certificates that the revoked admin issued and that stay valid
   */
  static Revocation issue(
      Identity issuer,
      Optional<CertificateChain> chain,
      SwarmId swarm,
      PeerId subject,
      String reason,
      Collection<ByteString> standing,
      Instant now) {
    byte[] body =
        RevocationBody.newBuilder()
            .setVersion(VERSION)
            .setSwarm(ByteString.copyFrom(swarm.bytes()))
            .setSubject(ByteString.copyFrom(subject.multihash()))
            .setIssuedMs(now.toEpochMilli())
            .setIssuer(ByteString.copyFrom(issuer.peerId().multihash()))
            .setReason(reason)
            .addAllStanding(standing)
            .build()
            .toByteArray();
    try {
      return new Revocation(body, issuer.sign(signed(body)), chain);
    } catch (MembershipException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /**
   * Reads the binary form. Nothing is verified by that.
   *
   * @throws MembershipException if it cannot be read
   */
  public static Revocation parse(byte[] bytes) throws MembershipException {
    try {
      return of(SignedRevocation.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new MembershipException("the revocation cannot be read", e);
    }
  }

  /**
   * Reads the form that it has inside other messages.
   *
   * @throws MembershipException if it cannot be read
   */
  public static Revocation of(SignedRevocation signed) throws MembershipException {
    if (signed.getSerializedSize() > BYTES_MAX) {
      throw new MembershipException("the revocation is too large");
    }
    Optional<CertificateChain> chain =
        signed.hasChain() ? Optional.of(CertificateChain.of(signed.getChain())) : Optional.empty();
    return new Revocation(
        signed.getBody().toByteArray(), signed.getSignature().toByteArray(), chain);
  }

  /** The form that it has inside other messages. */
  public SignedRevocation toProtobuf() {
    SignedRevocation.Builder signed =
        SignedRevocation.newBuilder()
            .setBody(ByteString.copyFrom(body))
            .setSignature(ByteString.copyFrom(signature));
    chain.ifPresent(each -> signed.setChain(each.toProtobuf()));
    return signed.build();
  }

  /** The binary form. */
  public byte[] bytes() {
    return toProtobuf().toByteArray();
  }

  private static byte[] signed(byte[] body) {
    return ByteBuffer.allocate(DOMAIN.length + body.length).put(DOMAIN).put(body).array();
  }

  /**
   * Checks who said it and that he may, whatever time it is: certificates expire, words do not.
   *
   * @throws MembershipException naming what failed
   */
  Authority verify(SwarmId ofSwarm) throws MembershipException {
    if (!swarm.equals(ofSwarm)) {
      throw new MembershipException("the revocation is of another swarm");
    }
    if (!issuer.verify(signed(body), signature)) {
      throw new MembershipException("the revocation is not signed by its issuer");
    }
    if (SwarmId.ofOwner(issuer).equals(ofSwarm)) {
      return Authority.OWNER;
    }
    if (chain.isEmpty()) {
      throw new MembershipException("the revocation does not show that its issuer may revoke");
    }
    chain.get().verifySignatures(ofSwarm, issuer);
    if (issuer.equals(subject)) {
      return Authority.SELF;
    }
    if (!chain.get().leaf().roles().contains(Role.ADMIN)) {
      throw new MembershipException("the revocation was issued by a member that is no admin");
    }
    return Authority.ADMIN;
  }

  /** Its name: the SHA-256 of what is signed. */
  ByteString id() {
    return ByteString.copyFrom(Sha256.of(body));
  }

  /** The swarm that it is about. */
  SwarmId swarm() {
    return swarm;
  }

  /** Who is revoked. */
  public PeerId subject() {
    return subject;
  }

  /** When, by the issuer's clock. */
  public Instant issued() {
    return issued;
  }

  /** Who revoked it: an admin, the owner's key, or the peer itself. */
  public PeerId issuer() {
    return issuer;
  }

  /** Why, for people; may be empty. */
  public String reason() {
    return reason;
  }

  /** Whether the peer itself left. */
  public boolean isLeave() {
    return issuer.equals(subject);
  }

  /** The issuer's own chain; empty for the owner. */
  Optional<CertificateChain> chain() {
    return chain;
  }

  boolean leavesStanding(ByteString serial) {
    return standing.contains(serial);
  }

  /** What happened to the peer, without its name. */
  public String sentence() {
    String who = isLeave() ? "left the swarm" : "was revoked";
    return who + " on " + issued + (reason.isEmpty() ? "" : ": " + reason);
  }
}
