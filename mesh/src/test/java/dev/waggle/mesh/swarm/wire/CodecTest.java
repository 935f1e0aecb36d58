package dev.waggle.mesh.swarm.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.control.ControlMessage;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What travels inside envelopes: the bytes of each form are fixed. */
class CodecTest {
  private static final TaskSpec CHAT =
      new TaskSpec.Chat(
          "m:1b",
          List.of(
              new ChatMessage(ChatMessage.Role.SYSTEM, "s"),
              new ChatMessage(ChatMessage.Role.USER, "é")),
          new Sampling(
              OptionalInt.of(7),
              OptionalDouble.of(0.5),
              OptionalDouble.of(1),
              OptionalLong.of(-1),
              List.of("x")));
  private static final Usage USAGE =
      new Usage(3, 4, Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(3));

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void chat_hasItsBytes() throws Exception {
    byte[] bytes = ExchangeCodec.encode(CHAT);
    assertThat(hex(bytes))
        .isEqualTo(
            "0a2e0a046d3a31621205080112017312060802"
                + "1202c3a9"
                + "180721000000000000e03f29000000000000f03f30013a0178");
    assertThat(ExchangeCodec.decodeSpec(bytes)).isEqualTo(CHAT);
  }

  @Test
  void chunks_haveTheirBytes() throws Exception {
    Chunk text = new Chunk.Text("ab");
    Chunk thinking = new Chunk.Thinking("c");
    assertThat(hex(ExchangeCodec.encode(text))).isEqualTo("0a026162");
    assertThat(hex(ExchangeCodec.encode(thinking))).isEqualTo("120163");
    assertThat(ExchangeCodec.decodeChunk(ExchangeCodec.encode(text))).isEqualTo(text);
    assertThat(ExchangeCodec.decodeChunk(ExchangeCodec.encode(thinking))).isEqualTo(thinking);
  }

  @Test
  void results_haveTheirBytes() throws Exception {
    byte[] receipt = {9};
    for (Outcome outcome :
        List.of(
            new Outcome.Done(Outcome.FinishReason.LENGTH),
            new Outcome.Failed(Outcome.Failure.BAD_REQUEST, "no"),
            new Outcome.Canceled())) {
      TaskResult read =
          ExchangeCodec.decodeResult(ExchangeCodec.encode(new TaskResult(outcome, USAGE, receipt)));
      assertThat(read.outcome()).isEqualTo(outcome);
      assertThat(read.usage()).isEqualTo(USAGE);
      assertThat(read.receipt()).isEqualTo(receipt);
    }
    assertThat(
            hex(
                ExchangeCodec.encode(
                    new TaskResult(new Outcome.Done(Outcome.FinishReason.STOP), USAGE, receipt))))
        .isEqualTo("08012003280430e80738d00f40b8174a0109");
  }

  @Test
  void suspicion_hasItsBytes() throws Exception {
    Identity owner = Identity.ofSeed(new byte[32]);
    CertificateChain chain =
        CertificateChain.found(owner, owner.peerId(), "n", Instant.ofEpochMilli(1_000));
    ControlMessage message =
        new ControlMessage(
            5,
            Instant.ofEpochMilli(2_000),
            Duration.ofSeconds(30),
            chain,
            new ControlMessage.Body.Suspicion(owner.peerId(), 7));
    String chainHex = hex(chain.bytes());
    byte[] bytes = ControlCodec.encode(message);
    assertThat(hex(bytes))
        .startsWith("080510d00f18b0ea0122")
        .contains(chainHex)
        .endsWith(
            "2a2a0a26002408011220"
                + "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"
                + "1007");
    ControlMessage read = ControlCodec.decode(bytes).orElseThrow();
    assertThat(read.body()).isEqualTo(message.body());
    assertThat(read.sequence()).isEqualTo(5);
    assertThat(read.issued()).isEqualTo(message.issued());
    assertThat(read.timeToLive()).isEqualTo(message.timeToLive());
    assertThat(ControlCodec.decode(new byte[0])).as("of a later version").isEmpty();
  }

  @Test
  void unknownKindsAndCodes_areRefused() {
    for (String bad : List.of("", "0801", "0a00", "ff")) {
      byte[] bytes = HexFormat.of().parseHex(bad);
      assertThatThrownBy(() -> ExchangeCodec.decodeSpec(bytes))
          .isInstanceOf(MalformedFrameException.class);
    }
    assertThatThrownBy(() -> ExchangeCodec.decodeChunk(new byte[0]))
        .isInstanceOf(MalformedFrameException.class);
    assertThatThrownBy(() -> ExchangeCodec.decodeResult(HexFormat.of().parseHex("0863")))
        .isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void anyBytes_areReadOrRefused_neverAnythingElse() {
    Random random = new Random(11);
    byte[] good = ExchangeCodec.encode(CHAT);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = good.clone();
      for (int flips = random.nextInt(4); flips >= 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try {
        ExchangeCodec.decodeSpec(bytes);
        ExchangeCodec.decodeChunk(bytes);
        ExchangeCodec.decodeResult(bytes);
        AdvertCodec.decode(bytes);
        ControlCodec.decode(bytes);
      } catch (MalformedFrameException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }
}
