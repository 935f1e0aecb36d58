package dev.waggle.mesh.libp2p.negotiation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** multistream-select 1.0.0, as connections/README.md of the libp2p specs has it. */
class NegotiationTest {
  private static final String GREETING = "\u0013/multistream/1.0.0\n";

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Test
  void initiator_sendsItsFirstProposalWithTheGreeting() {
    assertThat(text(Negotiation.initiator(List.of("/noise")).opening()))
        .isEqualTo(GREETING + "\u0007/noise\n");
  }

  @Test
  void responder_agreesToWhatItSupports() throws Exception {
    Negotiation responder = Negotiation.responder("/noise"::equals);
    assertThat(text(responder.opening())).isEqualTo(GREETING);
    responder.onBytes(bytes(GREETING + "\u0005/tls\n"));
    assertThat(text(responder.reply())).isEqualTo("\u0003na\n");
    assertThat(responder.ended()).isFalse();
    responder.onBytes(bytes("\u0007/noise\n"));
    assertThat(text(responder.reply())).isEqualTo("\u0007/noise\n");
    assertThat(responder.agreed()).contains("/noise");
  }

  @Test
  void initiator_proposesTheNext_untilNoneIsLeft() throws Exception {
    Negotiation initiator = Negotiation.initiator(List.of("/a", "/b"));
    initiator.opening();
    initiator.onBytes(bytes(GREETING + "\u0003na\n"));
    assertThat(text(initiator.reply())).isEqualTo("\u0003/b\n");
    initiator.onBytes(bytes("\u0003na\n"));
    assertThat(initiator.ended()).isTrue();
    assertThat(initiator.agreed()).isEmpty();
  }

  @Test
  void bytesAfterTheAgreement_belongToTheProtocol() throws Exception {
    Negotiation initiator = Negotiation.initiator(List.of("/a"));
    ByteBuffer arrived = bytes(GREETING + "\u0003/a\nhello");
    initiator.onBytes(arrived);
    assertThat(initiator.agreed()).contains("/a");
    assertThat(arrived.remaining()).isEqualTo("hello".length());
  }

  @Test
  void linesInPieces_areWaitedFor() throws Exception {
    Negotiation responder = Negotiation.responder("/a"::equals);
    String all = GREETING + "\u0003/a\n";
    ByteBuffer arrived = ByteBuffer.allocate(all.length());
    for (byte each : all.getBytes(StandardCharsets.ISO_8859_1)) {
      arrived.put(each).flip();
      responder.onBytes(arrived);
      arrived.compact();
    }
    assertThat(responder.agreed()).contains("/a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u0005/http\n",
        "\u0000",
        "\u00ff\u00ff\u0003x",
        "\u0013/multistream/1.0.0x",
        "\u0013/multistream/2.0.0\n"
      })
  void otherTalk_isRefused(String text) {
    Negotiation responder = Negotiation.responder("/a"::equals);
    assertThatThrownBy(() -> responder.onBytes(bytes(text)))
        .isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void endlessProposals_areRefused() throws Exception {
    Negotiation responder = Negotiation.responder("/a"::equals);
    responder.onBytes(bytes(GREETING));
    assertThatThrownBy(() -> responder.onBytes(bytes("\u0003/x\n".repeat(1_000))))
        .isInstanceOf(MalformedFrameException.class)
        .hasMessageContaining("too many");
  }
}
