package dev.waggle.mesh.libp2p.protocol.mdns;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class TxtStringsTest {
  @Test
  void strings_areLengthPrefixed_andComeBack() {
    List<String> strings = List.of("dnsaddr=/ip4/10.0.0.1/tcp/1", "", "x");
    byte[] data = TxtStrings.encode(strings);
    assertThat(HexFormat.of().formatHex(data))
        .isEqualTo("1b646e73616464723d2f6970342f31302e302e302e312f7463702f31" + "00" + "0178");
    assertThat(TxtStrings.decode(data)).isEqualTo(strings);
  }

  @Test
  void stringThatIsTooLong_isLeftOut() {
    assertThat(TxtStrings.encode(List.of("x".repeat(256), "y"))).isEqualTo(new byte[] {1, 'y'});
  }

  @Test
  void dataThatEndsEarly_isReadAsFarAsItGoes() {
    assertThat(TxtStrings.decode(new byte[] {1, 'a', 9, 'b'})).containsExactly("a");
    assertThat(TxtStrings.decode(new byte[0])).isEmpty();
  }
}
