package dev.waggle.mesh.swarm.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.control.ControlMessage;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Continuation;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Logprob;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Tool;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
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

  /** A chat with everything that a chat can have. */
  static final TaskSpec RICH =
      new TaskSpec.Chat(
          "m:1b",
          Set.of(new Label("team-a")),
          List.of(
              new ChatMessage(ChatMessage.Role.USER, "u", "", List.of("AAEC"), List.of(), "", ""),
              new ChatMessage(
                  ChatMessage.Role.ASSISTANT,
                  "",
                  "t",
                  List.of(),
                  List.of(new ToolCall(0, "c1", "f", "{}")),
                  "",
                  ""),
              new ChatMessage(ChatMessage.Role.TOOL, "4", "", List.of(), List.of(), "f", "c1")),
          new Sampling(
              OptionalInt.of(7),
              OptionalDouble.of(0.5),
              OptionalDouble.of(1),
              OptionalInt.of(40),
              OptionalDouble.of(0.1),
              new Sampling.Penalties(
                  OptionalDouble.of(1), OptionalDouble.of(-1), OptionalDouble.of(1.1)),
              OptionalLong.of(-1),
              List.of("x"),
              OptionalInt.of(3)),
          new ChatOptions(
              List.of(new Tool("f", "d", "{\"type\":\"object\"}")),
              ChatOptions.REQUIRED,
              Optional.of(ChatOptions.ANY_JSON),
              Optional.of("low")),
          Optional.of(new Continuation("th", "te")));

  static final TaskSpec COMPLETION =
      new TaskSpec.Completion(
          "m:1b", Set.of(), "before", Optional.of("after"), true, Sampling.DEFAULT);
  static final TaskSpec EMBEDDING =
      new TaskSpec.Embedding("m:1b", Set.of(), List.of("a", "b"), OptionalInt.of(64), true);
  static final TaskSpec CODE =
      new TaskSpec.Code(
          Language.SHELL,
          Set.of(new Label("team-a")),
          "cat",
          List.of("a", ""),
          Bytes.of("in"),
          List.of(new CodeFile("d/f", Bytes.of(new byte[] {0, -1}))),
          List.of("out"),
          new CodeLimits(Duration.ofMillis(1), 2, 3, 4, 5));
  static final Chunk LIKELY =
      new Chunk.Text(
          "é",
          List.of(
              new Logprob(
                  "é",
                  List.of(0xc3, 0xa9),
                  -0.5,
                  List.of(new Logprob("e", List.of(0x65), -1, List.of())))));

  private static final Usage USAGE =
      new Usage(3, 4, Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(3));

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void chat_hasItsBytes() throws Exception {
    byte[] bytes = SpecCodec.encode(CHAT);
    assertThat(hex(bytes))
        .isEqualTo(
            "0a300a046d3a31621205080112017312060802"
                + "1202c3a9"
                + "1a19080711000000000000e03f19000000000000f03f20012a0178");
    assertThat(SpecCodec.decode(bytes)).isEqualTo(CHAT);
  }

  @Test
  void everyKindOfTask_isReadAsItWasWritten() throws Exception {
    TaskSpec onSnapshot =
        new TaskSpec.Code(
            Language.SHELL,
            Set.of(),
            "s",
            List.of(),
            Bytes.EMPTY,
            List.of(new CodeFile("f", Bytes.EMPTY, /* executable= */ true)),
            List.of(),
            new CodeLimits(Duration.ofMillis(1), 2, 3, 4, 5),
            Optional.of(new Snapshot(new BlobDigest("ab".repeat(32)), 7, List.of("gone"))));
    for (TaskSpec each : List.of(RICH, COMPLETION, EMBEDDING, CODE, onSnapshot)) {
      assertThat(SpecCodec.decode(SpecCodec.encode(each))).isEqualTo(each);
    }
    assertThat(hex(SpecCodec.encode(COMPLETION)))
        .isEqualTo("12190a046d3a316212066265666f72651a05616674657220012a00");
    assertThat(hex(SpecCodec.encode(EMBEDDING))).isEqualTo("1a100a046d3a316212016112016218402001");
    assertThat(hex(SpecCodec.encode(onSnapshot)))
        .endsWith(
            "2a050a01661801380140024803500458056a2a0a20" + "ab".repeat(32) + "10071a04676f6e65");
    assertThat(hex(SpecCodec.encode(CODE)))
        .isEqualTo(
            "2232080312036361741a01611a002202696e2a090a03642f66120200ff32036f75743801400248035004"
                + "580562067465616d2d61");
  }

  @Test
  void everyKindOfChunk_isReadAsItWasWritten() throws Exception {
    Chunk call = new Chunk.Call(new ToolCall(2, "id", "name", "{"));
    Chunk vector = new Chunk.Vector(1, List.of(0.5f, -1f));
    Chunk output = new Chunk.Output(false, Bytes.of("o"));
    Chunk errors = new Chunk.Output(true, Bytes.of("e"));
    Chunk artifact = new Chunk.Artifact("a/b", Bytes.of("c"), true);
    Chunk exit =
        new Chunk.Exit(
            new ExitReport(
                ExitReport.End.TIME, 137, Duration.ofMillis(1), Duration.ofMillis(2), 3, true));
    for (Chunk each : List.of(LIKELY, call, vector, output, errors, artifact, exit)) {
      assertThat(ExchangeCodec.decodeChunk(ExchangeCodec.encode(each))).isEqualTo(each);
    }
    assertThat(hex(ExchangeCodec.encode(call))).isEqualTo("1a0f0802120269641a046e616d6522017b");
    assertThat(hex(ExchangeCodec.encode(vector))).isEqualTo("220c080112080000003f000080bf");
    assertThat(hex(ExchangeCodec.encode(output))).isEqualTo("2a016f");
    assertThat(hex(ExchangeCodec.encode(errors))).isEqualTo("320165");
    assertThat(hex(ExchangeCodec.encode(artifact))).isEqualTo("3a0a0a03612f621201631801");
    assertThat(hex(ExchangeCodec.encode(exit))).isEqualTo("420f080210920218e80720d00f28033001");
    Logprob deep = new Logprob("a", List.of(), 0, List.of());
    for (int i = 0; i < 3; i++) {
      deep = new Logprob("a", List.of(), 0, List.of(deep));
    }
    byte[] bytes = ExchangeCodec.encode(new Chunk.Text("a", List.of(deep)));
    assertThatThrownBy(() -> ExchangeCodec.decodeChunk(bytes))
        .isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void chunks_haveTheirBytes() throws Exception {
    Chunk text = new Chunk.Text("ab");
    Chunk thinking = new Chunk.Thinking("c");
    assertThat(hex(ExchangeCodec.encode(text))).isEqualTo("0a040a026162");
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
      assertThatThrownBy(() -> SpecCodec.decode(bytes)).isInstanceOf(MalformedFrameException.class);
    }
    assertThatThrownBy(() -> ExchangeCodec.decodeChunk(new byte[0]))
        .isInstanceOf(MalformedFrameException.class);
    assertThatThrownBy(() -> ExchangeCodec.decodeResult(HexFormat.of().parseHex("0863")))
        .isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void anyBytes_areReadOrRefused_neverAnythingElse() {
    Random random = new Random(11);
    byte[] good = SpecCodec.encode(CHAT);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = good.clone();
      for (int flips = random.nextInt(4); flips >= 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try {
        SpecCodec.decode(bytes);
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
