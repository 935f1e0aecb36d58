package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.pb.CertificateBody;
import dev.waggle.mesh.swarm.pb.SignedCertificate;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * One signed word that a node belongs to a swarm. The signature covers the body's bytes as they
 * were first written; they are kept and passed on as they came. Immutable.
 */
public final class Certificate {
  /** The longest member name, in characters. */
  public static final int NAME_CHARACTERS_MAX = 64;

  private static final int VERSION = 1;
  static final int SERIAL_BYTES = 16;

  private static final byte[] DOMAIN = "waggle-certificate-1".getBytes(StandardCharsets.US_ASCII);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] body;
  private final byte[] signature;
  private final SwarmId swarm;
  private final PeerId subject;
  private final String name;
  private final Set<Role> roles;
  private final Set<Label> labels;
  private final Instant notBefore;
  private final Instant notAfter;
  private final PeerId issuer;
  private final ByteString serial;

  private Certificate(byte[] body, byte[] signature) throws MembershipException {
    this.body = body;
    this.signature = signature;
    try {
      CertificateBody parsed = CertificateBody.parseFrom(body);
      if (parsed.getVersion() != VERSION) {
        throw new MembershipException(
            "certificate version " + parsed.getVersion() + " is not supported");
      }
      this.swarm = SwarmId.ofBytes(parsed.getSwarm().toByteArray());
      this.subject = PeerId.ofMultihash(parsed.getSubject().toByteArray());
      this.name = parsed.getName();
      this.roles = EnumSet.noneOf(Role.class);
      // A role of a later version gives nothing here.
      parsed.getRolesList().forEach(code -> Role.ofCode(code).ifPresent(roles::add));
      this.labels = new TreeSet<>();
      parsed.getLabelsList().stream()
          .limit(Label.OF_CERTIFICATE_MAX)
          // What a later version calls a label gives nothing here either.
          .filter(Label::isLabel)
          .map(Label::new)
          .filter(Label::isGranted)
          .forEach(labels::add);
      this.notBefore = Instant.ofEpochMilli(parsed.getNotBeforeMs());
      this.notAfter = Instant.ofEpochMilli(parsed.getNotAfterMs());
      this.issuer = PeerId.ofMultihash(parsed.getIssuer().toByteArray());
      this.serial = parsed.getSerial();
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MembershipException("the certificate cannot be read", e);
    }
    if (!isName(name)) {
      throw new MembershipException("the certificate has no printable name");
    }
  }

  /** Whether the text can name a member: 1 to 64 printable characters. */
  public static boolean isName(String name) {
    return !name.isBlank()
        && name.length() <= NAME_CHARACTERS_MAX
        && name.codePoints().noneMatch(Character::isISOControl);
  }

  /** Makes and signs one. */
  static Certificate issue(
      Identity issuer,
      SwarmId swarm,
      PeerId subject,
      Grant grant,
      Instant notBefore,
      Instant notAfter) {
    byte[] serial = new byte[SERIAL_BYTES];
    RANDOM.nextBytes(serial);
    byte[] body =
        CertificateBody.newBuilder()
            .setVersion(VERSION)
            .setSwarm(ByteString.copyFrom(swarm.bytes()))
            .setSubject(ByteString.copyFrom(subject.multihash()))
            .setName(grant.name())
            .addAllRoles(grant.roles().stream().map(Role::code).sorted().toList())
            .setNotBeforeMs(notBefore.toEpochMilli())
            .setNotAfterMs(notAfter.toEpochMilli())
            .setIssuer(ByteString.copyFrom(issuer.peerId().multihash()))
            .setSerial(ByteString.copyFrom(serial))
            .addAllLabels(Label.texts(grant.labels()))
            .build()
            .toByteArray();
    try {
      return new Certificate(body, issuer.sign(signed(body)));
    } catch (MembershipException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  static Certificate parse(SignedCertificate signed) throws MembershipException {
    return new Certificate(signed.getBody().toByteArray(), signed.getSignature().toByteArray());
  }

  SignedCertificate toProtobuf() {
    return SignedCertificate.newBuilder()
        .setBody(ByteString.copyFrom(body))
        .setSignature(ByteString.copyFrom(signature))
        .build();
  }

  boolean isSignedByItsIssuer() {
    return issuer.verify(signed(body), signature);
  }

  private static byte[] signed(byte[] body) {
    return ByteBuffer.allocate(DOMAIN.length + body.length).put(DOMAIN).put(body).array();
  }

  SwarmId swarm() {
    return swarm;
  }

  /** Who is certified. */
  public PeerId subject() {
    return subject;
  }

  /** Its name, for people. */
  public String name() {
    return name;
  }

  /** What it may do. */
  public Set<Role> roles() {
    return Set.copyOf(roles);
  }

  /** The labels that it holds. */
  public Set<Label> labels() {
    return Set.copyOf(labels);
  }

  /** All that it says of its member. */
  Grant grant() {
    return new Grant(name, roles, labels);
  }

  Instant notBefore() {
    return notBefore;
  }

  /** When it stops being valid. */
  public Instant notAfter() {
    return notAfter;
  }

  PeerId issuer() {
    return issuer;
  }

  /** What tells it from every other of that issuer. */
  ByteString serial() {
    return serial;
  }
}
