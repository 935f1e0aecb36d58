package dev.waggle.mesh.swarm.wire;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.control.ControlMessage;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Control messages. */
public final class ControlFuzz implements FuzzTarget {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[32]);

  @Override
  public void run(byte[] input) {
    try {
      ControlCodec.decode(input).ifPresent(ControlCodec::encode);
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        ControlCodec.encode(
            new ControlMessage(
                1,
                Instant.ofEpochMilli(1),
                Duration.ofSeconds(30),
                CertificateChain.found(IDENTITY, IDENTITY.peerId(), "n", Instant.EPOCH),
                new ControlMessage.Body.Suspicion(IDENTITY.peerId(), 7))));
  }
}
