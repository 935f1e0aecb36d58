package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Invites as users paste them, and certificate chains. */
public final class InviteFuzz implements FuzzTarget {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[32]);

  @Override
  public void run(byte[] input) {
    try {
      Invite.parse(new String(input, StandardCharsets.UTF_8));
    } catch (MembershipException e) {
      // It says what is wrong.
    }
    try {
      CertificateChain chain = CertificateChain.parse(input);
      chain.verify(chain.swarm(), IDENTITY.peerId(), Instant.EPOCH);
    } catch (MembershipException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() {
    CertificateChain chain =
        CertificateChain.found(IDENTITY, IDENTITY.peerId(), "n", Instant.EPOCH);
    Invite invite =
        new Invite(
            chain.swarm(),
            IDENTITY.peerId(),
            List.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/1")),
            new byte[Invite.SECRET_BYTES],
            Instant.ofEpochMilli(1),
            Optional.empty());
    return List.of(invite.token().getBytes(StandardCharsets.UTF_8), chain.bytes());
  }
}
