package dev.waggle.mesh.swarm.wire;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.capability.Advert;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.mesh.swarm.capability.Wanted;
import dev.waggle.mesh.swarm.label.LabelRule;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Adverts, and the certificates in them. */
public final class AdvertFuzz implements FuzzTarget {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[32]);

  @Override
  public void run(byte[] input) {
    try {
      AdvertCodec.encode(AdvertCodec.decode(input));
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        AdvertCodec.encode(
            new Advert(
                1,
                Instant.ofEpochMilli(1),
                Duration.ofSeconds(30),
                CertificateChain.found(IDENTITY, IDENTITY.peerId(), "n", Instant.EPOCH),
                List.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/1")),
                new Capability(
                        "n",
                        "1",
                        List.of(new ModelOffer("m", "sha256:" + "0".repeat(64), "e", 1, 2, true)),
                        1,
                        0,
                        0,
                        List.of(LabelRule.parse("never repo:*")))
                    .wanting(List.of(new Wanted("m", 3))))));
  }
}
