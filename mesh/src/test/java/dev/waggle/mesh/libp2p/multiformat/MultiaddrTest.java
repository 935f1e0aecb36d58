package dev.waggle.mesh.libp2p.multiformat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultiaddrTest {
  private static final String PEER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

  @ParameterizedTest
  @CsvSource({
    "/ip4/127.0.0.1/tcp/4001, 047f000001060fa1",
    "/ip6/::1/tcp/443, 29000000000000000000000000000000010601bb",
    "/ip4/10.1.2.3/tcp/0, 040a010203060000",
    "/dns4/example.com/tcp/1, 360b6578616d706c652e636f6d060001",
    "/dnsaddr/example.com, 380b6578616d706c652e636f6d"
  })
  void text_hasItsBinaryForm_andComesBack(String text, String hex) throws Exception {
    Multiaddr address = Multiaddr.parse(text);
    assertThat(address.bytes()).isEqualTo(HexFormat.of().parseHex(hex));
    assertThat(Multiaddr.ofBytes(address.bytes())).isEqualTo(address).hasToString(text);
  }

  @Test
  void peerId_isTakenOffAndPutOn() {
    Multiaddr address = Multiaddr.parse("/ip4/127.0.0.1/tcp/4001/p2p/" + PEER);
    assertThat(address.peerId()).contains(PeerId.parse(PEER));
    assertThat(address.withoutPeerId()).hasToString("/ip4/127.0.0.1/tcp/4001");
    assertThat(address.withoutPeerId().withPeerId(PeerId.parse(PEER))).isEqualTo(address);
    assertThat(address.tcp().orElseThrow().getPort()).isEqualTo(4001);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "ip4/127.0.0.1",
        "/ip4",
        "/ip4/127.0.0.256/tcp/1",
        "/ip4/127.0.0.1/tcp/65536",
        "/ip4/127.0.0.1/tcp/-1",
        "/ip4/127.0.0.1/tcp/x",
        "/ip6/127.0.0.1/tcp/1",
        "/bee/1",
        "/ip4/127.0.0.1/tcp/1/p2p/Qm"
      })
  void textThatIsNone_isRefused(String text) {
    assertThatThrownBy(() -> Multiaddr.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anyBytes_areReadOrRefused_neverAnythingElse() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      if (bytes.length > 0 && random.nextBoolean()) {
        bytes[0] = (byte) new int[] {4, 6, 0x29, 0x36, 0x38}[random.nextInt(5)];
      }
      try {
        assertThat(Multiaddr.ofBytes(bytes).bytes()).isEqualTo(bytes);
      } catch (MalformedFrameException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 00", "1, 01", "127, 7f", "128, 8001", "300, ac02", "2147483647, ffffffff07"})
  void varint_hasItsShortestForm(int value, String hex) throws Exception {
    assertThat(Varint.encode(value)).isEqualTo(HexFormat.of().parseHex(hex));
    assertThat(Varint.read(ByteBuffer.wrap(Varint.encode(value)))).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"8000", "ffffffff0f", "ffffffffff01", "808080808001"})
  void varint_thatIsTooLong_isRefused(String hex) {
    ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
    assertThatThrownBy(() -> Varint.read(bytes)).isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void varint_thatIsIncomplete_isLeftWhereItIs() throws Exception {
    ByteBuffer bytes = ByteBuffer.wrap(new byte[] {(byte) 0x80});
    assertThat(Varint.read(bytes)).isEqualTo(-1);
    assertThat(bytes.position()).isZero();
  }
}
