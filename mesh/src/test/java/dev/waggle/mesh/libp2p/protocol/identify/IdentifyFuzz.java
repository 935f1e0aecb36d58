package dev.waggle.mesh.libp2p.protocol.identify;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.record.PeerRecord;
import java.util.List;

/** What a peer says of itself. */
public final class IdentifyFuzz implements FuzzTarget {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[32]);

  @Override
  public void run(byte[] input) {
    try {
      Identify.parse(IDENTITY.peerId(), input);
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() {
    Multiaddr address = Multiaddr.parse("/ip4/192.0.2.1/tcp/4301");
    return List.of(
        dev.waggle.mesh.libp2p.pb.Identify.newBuilder()
            .setAgentVersion("bee/1")
            .addProtocols("/a")
            .addListenAddrs(ByteString.copyFrom(address.bytes()))
            .setObservedAddr(ByteString.copyFrom(address.bytes()))
            .setSignedPeerRecord(
                ByteString.copyFrom(
                    new PeerRecord(IDENTITY.peerId(), 1, List.of(address)).seal(IDENTITY)))
            .build()
            .toByteArray());
  }
}
