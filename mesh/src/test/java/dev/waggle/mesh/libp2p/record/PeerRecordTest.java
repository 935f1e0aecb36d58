package dev.waggle.mesh.libp2p.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeerRecordTest {
  private static final Identity IDENTITY = Identity.ofSeed(new byte[32]);
  private static final PeerRecord RECORD =
      new PeerRecord(
          IDENTITY.peerId(), 1_570_215_229L, List.of(Multiaddr.parse("/ip4/192.0.2.0/tcp/42")));

  /** Ed25519 signs deterministically, so that the whole envelope is a vector. */
  @Test
  void golden() {
    String key = "080112203b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";
    String body = "0a260024" + key + "10bdaadeec051a0a0a0804c000020006002a";
    assertThat(HexFormat.of().formatHex(RECORD.seal(IDENTITY)))
        .startsWith("0a24" + key + "12020301" + "1a3a" + body + "2a40");
  }

  @Test
  void roundTrip() throws Exception {
    assertThat(PeerRecord.open(RECORD.seal(IDENTITY))).isEqualTo(RECORD);
  }

  @Test
  void anyChangedByte_isRefused() {
    byte[] sealed = RECORD.seal(IDENTITY);
    for (int i = 0; i < sealed.length; i++) {
      byte[] changed = sealed.clone();
      changed[i] ^= 1;
      assertThatThrownBy(() -> PeerRecord.open(changed))
          .as("byte %d", i)
          .isInstanceOf(MalformedFrameException.class);
    }
  }

  @Test
  void recordOfAnotherPeer_isRefused() {
    byte[] sealed =
        RECORD.seal(
            Identity.ofSeed(
                new byte[] {
                  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
                  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
                }));
    assertThatThrownBy(() -> PeerRecord.open(sealed)).hasMessageContaining("another peer");
  }

  @Test
  void envelopeForSomethingElse_isRefused() {
    byte[] payload = {1};
    byte[] sealed = SignedEnvelope.seal(IDENTITY, "elsewhere", new byte[] {3, 1}, payload);
    assertThatThrownBy(() -> PeerRecord.open(sealed)).hasMessageContaining("does not verify");
    assertThatThrownBy(
            () ->
                SignedEnvelope.open(
                    SignedEnvelope.seal(IDENTITY, "x", new byte[] {3, 2}, payload),
                    "x",
                    new byte[] {3, 1}))
        .hasMessageContaining("does not verify");
  }
}
