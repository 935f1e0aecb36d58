package dev.waggle.mesh.libp2p.protocol.gossipsub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RpcCodecTest {
  private static final HexFormat HEX = HexFormat.of();

  private static byte[] encode(Rpc rpc) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(RpcCodec.encodeControl(rpc));
    CodedOutputStream to = CodedOutputStream.newInstance(bytes);
    RpcCodec.writePublished(rpc.messages, to);
    to.flush();
    assertThat(bytes.size()).isEqualTo(RpcCodec.bytes(rpc));
    return bytes.toByteArray();
  }

  private static Rpc everything() {
    Rpc rpc = new Rpc();
    rpc.subscriptions.add(new Rpc.Subscription("a", true));
    rpc.subscriptions.add(new Rpc.Subscription("b", false));
    rpc.iHaves.add(new Rpc.IHave("a", List.of(ByteString.copyFromUtf8("1"))));
    rpc.iWants.add(ByteString.copyFromUtf8("2"));
    rpc.grafts.add("a");
    rpc.prunes.add(
        new Rpc.Prune(
            "b",
            List.of(
                new Rpc.ExchangedPeer(ByteString.copyFromUtf8("p"), ByteString.copyFromUtf8("r"))),
            60));
    rpc.iDontWants.add(ByteString.copyFromUtf8("3"));
    return rpc;
  }

  @Test
  void golden() throws IOException {
    assertThat(HEX.formatHex(encode(everything())))
        .isEqualTo(
            "0a0508011201610a0508001201621a26"
                + "0a060a016112013112030a01321a030a0161"
                + "220d0a01621206"
                + "0a0170120172"
                + "183c"
                + "2a030a0133");
  }

  @Test
  void roundTrip() throws IOException {
    Rpc rpc = everything();
    Identity identity = Identity.ofSeed(new byte[32]);
    Message message = MessageSignature.sign(identity, "a", 7, new byte[] {1, 2, 3});
    rpc.messages.add(message);
    Rpc back = RpcCodec.decode(encode(rpc));
    assertThat(back.subscriptions).isEqualTo(rpc.subscriptions);
    assertThat(back.iHaves).isEqualTo(rpc.iHaves);
    assertThat(back.iWants).isEqualTo(rpc.iWants);
    assertThat(back.grafts).isEqualTo(rpc.grafts);
    assertThat(back.prunes).isEqualTo(rpc.prunes);
    assertThat(back.iDontWants).isEqualTo(rpc.iDontWants);
    assertThat(back.messages).containsExactly(message);
    assertThat(MessageSignature.verify(back.messages.get(0), new Authors()))
        .contains(identity.peerId());
  }

  @Test
  void signature_golden() {
    Message message =
        MessageSignature.sign(
            Identity.ofSeed(new byte[32]), "bees", 1, new byte[] {'b', 'u', 'z', 'z'});
    assertThat(HEX.formatHex(message.encoded().toByteArray()))
        .startsWith(
            "0a26002408011220"
                + "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"
                + "120462757a7a1a080000000000000001220462656573"
                + "2a40");
  }

  @Test
  void changedMessage_doesNotVerify() throws IOException {
    Message message =
        MessageSignature.sign(Identity.ofSeed(new byte[32]), "bees", 1, new byte[100]);
    byte[] bytes = message.encoded().toByteArray();
    for (int i = 0; i < bytes.length; i++) {
      byte[] changed = bytes.clone();
      changed[i] ^= 1;
      try {
        Message read = RpcCodec.message(ByteString.copyFrom(changed));
        assertThat(MessageSignature.verify(read, new Authors())).as("byte %d", i).isEmpty();
      } catch (MalformedFrameException e) {
        assertThat(e).hasMessageContaining("cannot be read");
      }
    }
  }

  @Test
  void tooMuchOfAnything_isRefused() throws IOException {
    Rpc longId = new Rpc();
    longId.iWants.add(ByteString.copyFrom(new byte[RpcCodec.ID_BYTES_MAX + 1]));
    Rpc longTopic = new Rpc();
    longTopic.grafts.add("x".repeat(RpcCodec.TOPIC_MAX + 1));
    Rpc many = new Rpc();
    for (int i = 0; i <= RpcCodec.ENTRIES_MAX; i++) {
      many.grafts.add("x");
    }
    for (Rpc each : List.of(longId, longTopic, many)) {
      byte[] bytes = encode(each);
      assertThatThrownBy(() -> RpcCodec.decode(bytes)).isInstanceOf(MalformedFrameException.class);
    }
  }

  @Test
  void noise_isReadOrRefused_neverAnythingElse() {
    SplittableRandom random = new SplittableRandom(11);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(64)];
      random.nextBytes(bytes);
      try {
        RpcCodec.decode(bytes);
      } catch (MalformedFrameException e) {
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }
}
