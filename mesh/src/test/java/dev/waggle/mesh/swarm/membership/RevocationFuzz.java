package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.mesh.fuzz.FuzzTarget;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Revocations, the owner's and an admin's. */
public final class RevocationFuzz implements FuzzTarget {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[32]);

  @Override
  public void run(byte[] input) {
    try {
      Revocation revocation = Revocation.parse(input);
      revocation.bytes();
      revocation.verify(SwarmId.ofOwner(IDENTITY.peerId()));
    } catch (MembershipException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() {
    CertificateChain chain =
        CertificateChain.found(IDENTITY, IDENTITY.peerId(), "n", Instant.EPOCH);
    return List.of(
        issue(Optional.empty(), List.of(ByteString.copyFrom(new byte[16]))).bytes(),
        issue(Optional.of(chain), List.of()).bytes());
  }

  private static Revocation issue(Optional<CertificateChain> chain, List<ByteString> standing) {
    return Revocation.issue(
        IDENTITY,
        chain,
        SwarmId.ofOwner(IDENTITY.peerId()),
        IDENTITY.peerId(),
        "reason",
        standing,
        Instant.EPOCH);
  }
}
