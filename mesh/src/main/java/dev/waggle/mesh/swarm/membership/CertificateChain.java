package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.pb.Chain;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A member's certificate and those above it, up to one that the swarm's owner key signed.
 * Immutable.
 */
public final class CertificateChain {
  /** The most certificates of a chain. */
  public static final int LENGTH_MAX = 2;

  /** The longest binary form, in bytes. */
  public static final int BYTES_MAX = 2_048;

  /** How long a certificate is valid. */
  static final Duration VALIDITY = Duration.ofDays(365);

  private final PeerId owner;
  private final List<Certificate> certificates;

  private CertificateChain(PeerId owner, List<Certificate> certificates) {
    this.owner = owner;
    this.certificates = List.copyOf(certificates);
  }

  /** The chain of a swarm's founder. */
  public static CertificateChain found(Identity owner, PeerId founder, String name, Instant now) {
    return ofOwner(owner, founder, new Grant(name, Set.of(Role.MEMBER, Role.ADMIN)), now);
  }

  /** The chain of a member that the owner itself certifies, the only one who makes admins. */
  static CertificateChain ofOwner(Identity owner, PeerId subject, Grant grant, Instant now) {
    return new CertificateChain(
        owner.peerId(),
        List.of(
            Certificate.issue(
                owner, SwarmId.ofOwner(owner.peerId()), subject, grant, now, now.plus(VALIDITY))));
  }

  /** The chain of a member that this one, an admin's, admits. */
  CertificateChain admit(Identity admin, PeerId joiner, Grant grant, Instant now) {
    List<Certificate> longer = new ArrayList<>();
    longer.add(Certificate.issue(admin, swarm(), joiner, grant, now, now.plus(VALIDITY)));
    longer.addAll(certificates);
    return new CertificateChain(owner, longer);
  }

  /**
   * Reads the binary form. Nothing is verified by that.
   *
   * @throws MembershipException if it cannot be read
   */
  public static CertificateChain parse(byte[] bytes) throws MembershipException {
    if (bytes.length > BYTES_MAX) {
      throw new MembershipException("the certificate chain is too large");
    }
    try {
      return of(Chain.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new MembershipException("the certificate chain cannot be read", e);
    }
  }

  /**
   * Reads the form that it has inside other messages.
   *
   * @throws MembershipException if it cannot be read
   */
  public static CertificateChain of(Chain chain) throws MembershipException {
    if (chain.getCertificatesCount() == 0 || chain.getCertificatesCount() > LENGTH_MAX) {
      throw new MembershipException("a certificate chain has 1 to " + LENGTH_MAX + " certificates");
    }
    try {
      List<Certificate> certificates = new ArrayList<>();
      for (var each : chain.getCertificatesList()) {
        certificates.add(Certificate.parse(each));
      }
      return new CertificateChain(PeerId.ofMultihash(chain.getOwner().toByteArray()), certificates);
    } catch (IllegalArgumentException e) {
      throw new MembershipException("the chain's owner is no key", e);
    }
  }

  /** The form that it has inside other messages. */
  public Chain toProtobuf() {
    Chain.Builder chain = Chain.newBuilder().setOwner(ByteString.copyFrom(owner.multihash()));
    certificates.forEach(each -> chain.addCertificates(each.toProtobuf()));
    return chain.build();
  }

  /** The binary form. */
  public byte[] bytes() {
    return toProtobuf().toByteArray();
  }

  /** The swarm that the chain's root owns. */
  public SwarmId swarm() {
    return SwarmId.ofOwner(owner);
  }

  List<Certificate> certificates() {
    return certificates;
  }

  /** When the first of its certificates expires. */
  public Instant notAfter() {
    return certificates.stream().map(Certificate::notAfter).min(Instant::compareTo).orElseThrow();
  }

  /** The member's own certificate. */
  public Certificate leaf() {
    return certificates.get(0);
  }

  /**
   * Whether this counts instead of another of the same member: it is later, and it is not an
   * admin's word over another admin.
   */
  boolean supersedes(CertificateChain other) {
    boolean byOwner = certificates.size() == 1;
    return leaf().notBefore().isAfter(other.leaf().notBefore())
        && (byOwner || !other.leaf().roles().contains(Role.ADMIN));
  }

  /**
   * Checks the whole chain for one peer of one swarm at one time.
   *
   * @throws MembershipException naming what failed
   */
  public void verify(SwarmId swarm, PeerId subject, Instant now) throws MembershipException {
    verifySignatures(swarm, subject);
    verifyTime(now);
  }

  /**
   * Checks everything but the time.
   *
   * @throws MembershipException naming what failed
   */
  void verifySignatures(SwarmId swarm, PeerId subject) throws MembershipException {
    if (!swarm().equals(swarm)) {
      throw new MembershipException("the certificate is of another swarm");
    }
    if (!leaf().subject().equals(subject)) {
      throw new MembershipException("the certificate is another peer's");
    }
    for (int i = 0; i < certificates.size(); i++) {
      Certificate each = certificates.get(i);
      boolean last = i == certificates.size() - 1;
      PeerId above = last ? owner : certificates.get(i + 1).subject();
      if (!each.swarm().equals(swarm)) {
        throw new MembershipException("a certificate of the chain is of another swarm");
      }
      if (!each.issuer().equals(above) || !each.isSignedByItsIssuer()) {
        throw new MembershipException("a certificate is not signed by the one above it");
      }
      if (!last && !certificates.get(i + 1).roles().contains(Role.ADMIN)) {
        throw new MembershipException("a certificate was issued by a member that is no admin");
      }
      if (!last && each.roles().contains(Role.ADMIN)) {
        throw new MembershipException("an admin was made by one that is not the owner");
      }
    }
  }

  /**
   * Checks only that every certificate of the chain is valid at a time.
   *
   * @throws MembershipException naming what failed
   */
  void verifyTime(Instant now) throws MembershipException {
    for (Certificate each : certificates) {
      if (now.isBefore(each.notBefore().minus(ClockSkew.MAX))) {
        throw new MembershipException("a certificate is not valid yet (check the clocks)");
      }
      if (!now.isBefore(each.notAfter())) {
        throw new MembershipException("a certificate has expired");
      }
    }
  }
}
