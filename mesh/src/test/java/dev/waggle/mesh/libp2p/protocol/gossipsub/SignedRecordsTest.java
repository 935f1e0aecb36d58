package dev.waggle.mesh.libp2p.protocol.gossipsub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.identify.PeerInfo;
import dev.waggle.mesh.libp2p.record.PeerRecord;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SignedRecordsTest {
  private static final List<Multiaddr> ADDRESSES =
      List.of(Multiaddr.parse("/ip4/192.0.2.1/tcp/4301"));

  private final Identity identity = Identity.generate(new SecureRandom());
  private final PeerId other = Identity.generate(new SecureRandom()).peerId();
  private final byte[] record = new PeerRecord(identity.peerId(), 1, ADDRESSES).seal(identity);
  private final List<PeerId> met = new ArrayList<>();
  private final SignedRecords records =
      new SignedRecords(
          (peer, addresses) -> {
            assertThat(addresses).isEqualTo(ADDRESSES);
            met.add(peer);
          });

  @Test
  void recommendation_isFollowedWhenThePeerSignedIt() {
    records.meet(identity.peerId(), record);
    assertThat(met).containsExactly(identity.peerId());
  }

  @Test
  void recommendationWithoutRecord_ofAnotherPeer_orForged_isNot() {
    records.meet(identity.peerId(), new byte[0]);
    records.meet(other, record);
    byte[] forged = record.clone();
    forged[forged.length - 1] ^= 1;
    records.meet(identity.peerId(), forged);
    assertThat(met).isEmpty();
  }

  @Test
  void recordOfOneThatIdentifiedItself_isPassedOn() {
    assertThat(records.record(identity.peerId())).isEmpty();
    records.onIdentified(
        identity.peerId(),
        new PeerInfo("x", List.of(), ADDRESSES, Optional.empty(), Optional.of(record)));
    assertThat(records.record(identity.peerId())).isEqualTo(record);
  }
}
