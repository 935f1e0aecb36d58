package dev.waggle.mesh.libp2p.record;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.util.List;

/** Signed envelopes and the records in them. */
public final class PeerRecordFuzz implements FuzzTarget {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[32]);

  @Override
  public void run(byte[] input) {
    try {
      PeerRecord.open(input);
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
    try {
      // What a peer signs may be anything, too.
      PeerRecord.open(SignedEnvelope.seal(IDENTITY, PeerRecord.DOMAIN, new byte[] {3, 1}, input));
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() throws MalformedFrameException {
    byte[] sealed =
        new PeerRecord(IDENTITY.peerId(), 1, List.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/4301")))
            .seal(IDENTITY);
    return List.of(
        sealed, SignedEnvelope.open(sealed, PeerRecord.DOMAIN, new byte[] {3, 1}).payload());
  }
}
