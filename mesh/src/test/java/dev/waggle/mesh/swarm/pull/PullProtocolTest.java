package dev.waggle.mesh.swarm.pull;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes of each message are fixed, and what is none of them is refused. */
class PullProtocolTest {
  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void order_hasItsBytes() throws Exception {
    byte[] order = PullProtocol.order("m:1b");
    assertThat(hex(order)).isEqualTo("0a046d3a3162");
    assertThat(PullProtocol.model(order)).isEqualTo("m:1b");
  }

  @Test
  void reports_haveTheirBytes() throws Exception {
    Map<PullReport, String> all =
        Map.of(
            new PullReport.Progress(500, 1_000), "0a0608f40310e807",
            new PullReport.Progress(0, 0), "0a00",
            new PullReport.Done(), "1001",
            new PullReport.Refused(PullReport.Reason.BUSY), "1802",
            new PullReport.Failed("no"), "22026e6f");
    for (var each : all.entrySet()) {
      byte[] bytes = PullProtocol.encode(each.getKey()).toByteArray();
      assertThat(hex(bytes)).isEqualTo(each.getValue());
      assertThat(PullProtocol.report(bytes)).isEqualTo(each.getKey());
    }
    assertThat(PullProtocol.report(HexFormat.of().parseHex("187f")))
        .as("a reason of a later version")
        .isEqualTo(new PullReport.Refused(PullReport.Reason.NOT_ALLOWED));
  }

  @Test
  void reasons_keepTheirCodes() {
    assertThat(Arrays.stream(PullReport.Reason.values()).map(PullReport.Reason::code))
        .containsExactly(1, 2, 3, 4, 5, 6, 7);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // no name
        "0a00", // an empty one
        "0a026d0a", // one with a line feed
        "0a056d", // cut
        "0a03ffffff", // no text
      })
  void orderThatIsNone_isRefused(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertThatThrownBy(() -> PullProtocol.model(bytes)).isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void nameThatIsTooLong_isRefused() {
    byte[] bytes = PullProtocol.order("m".repeat(PullProtocol.MODEL_CHARACTERS_MAX + 1));
    assertThatThrownBy(() -> PullProtocol.model(bytes)).isInstanceOf(MalformedFrameException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // nothing
        "2200", // a failure without a cause
        "22021b5b", // a cause that moves the terminal's cursor
        "0a0408051003", // more than all
        "0a0b08ffffffffffffffffff01", // a negative size
        "0a0608f403", // cut
      })
  void reportThatIsNone_isRefused(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertThatThrownBy(() -> PullProtocol.report(bytes))
        .isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void causeOfAnyText_canBeSaid() {
    assertThat(PullReport.Failed.because("a\nb\u001b[2J").cause()).isEqualTo("a b [2J");
    assertThat(PullReport.Failed.because("\n").cause()).isNotEmpty();
    PullReport longest =
        PullReport.Failed.because("🐝".repeat(PullReport.Failed.CAUSE_CHARACTERS_MAX));
    assertThat(PullProtocol.encode(longest).getSerializedSize())
        .isLessThanOrEqualTo(PullProtocol.REPORT_BYTES_MAX);
  }
}
