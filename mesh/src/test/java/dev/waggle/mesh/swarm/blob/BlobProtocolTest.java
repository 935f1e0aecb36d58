package dev.waggle.mesh.swarm.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes of each message are fixed, and what is none of them is refused. */
class BlobProtocolTest {
  private static final BlobDigest DIGEST = new BlobDigest("ab".repeat(32));
  private static final String DIGEST_FIELD = "0a20" + "ab".repeat(32);

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void questions_haveTheirBytes() throws Exception {
    BlobRequest describe = new BlobRequest.Describe("m:1b", "sha256:00");
    BlobRequest hashes = new BlobRequest.Hashes(DIGEST, new BlockRange(0, 300));
    BlobRequest read = new BlobRequest.Read(DIGEST, new BlockRange(5, 16));
    assertThat(hex(BlobProtocol.encode(describe).toByteArray()))
        .isEqualTo("0a110a046d3a31621209" + "7368613235363a3030");
    assertThat(hex(BlobProtocol.encode(hashes).toByteArray()))
        .isEqualTo("1225" + DIGEST_FIELD + "18ac02");
    assertThat(hex(BlobProtocol.encode(read).toByteArray()))
        .isEqualTo("1a26" + DIGEST_FIELD + "10051810");
    for (BlobRequest each : List.of(describe, hashes, read)) {
      assertThat(BlobProtocol.request(BlobProtocol.encode(each).toByteArray())).isEqualTo(each);
    }
  }

  @Test
  void answers_haveTheirBytes() throws Exception {
    BlobReply ollama = new BlobReply.Model(new ModelManifest.Ollama("m", new byte[] {'{', '}'}));
    BlobReply gguf = new BlobReply.Model(new ModelManifest.Gguf("m", DIGEST, 300));
    BlobReply hashes = new BlobReply.Hashes(7, DIGEST.bytes());
    BlobReply piece = new BlobReply.Piece(new byte[] {1, 2, 3});
    BlobReply preparing = new BlobReply.Preparing(Duration.ofMillis(500));
    BlobReply refused = new BlobReply.Refused(BlobReply.Reason.BUSY);
    assertThat(hex(BlobProtocol.encode(ollama).toByteArray())).isEqualTo("0a070a016d12027b7d");
    assertThat(hex(BlobProtocol.encode(gguf).toByteArray()))
        .isEqualTo("0a2a0a016d1a25" + DIGEST_FIELD + "10ac02");
    assertThat(hex(BlobProtocol.encode(hashes).toByteArray()))
        .isEqualTo("12240807" + "1220" + "ab".repeat(32));
    assertThat(hex(BlobProtocol.encode(piece).toByteArray())).isEqualTo("1a03010203");
    assertThat(hex(BlobProtocol.encode(preparing).toByteArray())).isEqualTo("20f403");
    assertThat(hex(BlobProtocol.encode(refused).toByteArray())).isEqualTo("2802");
    for (BlobReply each : List.of(gguf, preparing, refused)) {
      assertThat(BlobProtocol.reply(BlobProtocol.encode(each).toByteArray())).isEqualTo(each);
    }
    for (BlobReply each : List.of(ollama, hashes, piece)) {
      byte[] bytes = BlobProtocol.encode(each).toByteArray();
      assertThat(BlobProtocol.encode(BlobProtocol.reply(bytes)).toByteArray()).isEqualTo(bytes);
    }
    assertThat(BlobProtocol.reply(HexFormat.of().parseHex("287f")))
        .as("a reason of a later version")
        .isEqualTo(new BlobReply.Refused(BlobReply.Reason.NOT_SHARED));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // nothing
        "0801", // no field of it
        "0a00", // no model
        "0a060a001202aabb", // a model without a name
        "12040a02abab", // a digest of two bytes
        "1a2e0a2a2e2e2f2e2e2f2e2e2f2e2e2f2e2e2f2e2e2f6574632f7061737377642e2e2f2e2e2f2e2e2f2e2e2f2e1801",
      })
  void questionThatIsNone_isRefused(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertThatThrownBy(() -> BlobProtocol.request(bytes))
        .isInstanceOf(MalformedFrameException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1800", // no block at all: count 0
        "1811", // more blocks than one read has
        "10ffffffff0f1801", // a negative block
        "10808020" + "1801", // beyond the largest blob
        "10ffffffff07" + "180f", // an end that overflows
      })
  void rangeThatNoBlobHas_isRefused(String range) {
    int length = 34 + range.length() / 2;
    String hex = "1a" + HexFormat.of().toHexDigits((byte) length) + DIGEST_FIELD + range;
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertThatThrownBy(() -> BlobProtocol.request(bytes))
        .isInstanceOf(MalformedFrameException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // nothing
        "0a00", // a model of no kind
        "0a070a016d1a020807", // a file without a digest
        "1202080712", // cut
        "1207080712030102" + "03", // hashes of three bytes
        "120212" + "00", // a blob without a size
        "1a00", // an empty piece
        "20e1d403" + "00", // cut in another way
        "20" + "e1d403", // to come again after more than a minute
      })
  void answerThatIsNone_isRefused(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertThatThrownBy(() -> BlobProtocol.reply(bytes)).isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void anyBytes_areReadOrRefused_neverAnythingElse() {
    Random random = new Random(17);
    for (byte[] seed : new BlobFuzz().seeds()) {
      for (int i = 0; i < 5_000; i++) {
        byte[] bytes = seed.clone();
        for (int flips = random.nextInt(4); flips >= 0; flips--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        new BlobFuzz().run(bytes);
      }
    }
  }

  @Test
  void blocks_coverABlobToItsLastByte() {
    long size = 3L * BlockRange.BLOCK_BYTES + 5;
    assertThat(BlockRange.blocks(size)).isEqualTo(4);
    assertThat(BlockRange.length(2, size)).isEqualTo(BlockRange.BLOCK_BYTES);
    assertThat(BlockRange.length(3, size)).isEqualTo(5);
    assertThat(new BlockRange(2, 2).bytes(size)).isEqualTo(BlockRange.BLOCK_BYTES + 5L);
    assertThat(BlockRange.blocks(BlockRange.BLOCK_BYTES)).isEqualTo(1);
    assertThat(BlockRange.blocks(BlockRange.BLOB_BYTES_MAX)).isEqualTo(BlockRange.BLOCKS_MAX);
    assertThatThrownBy(() -> BlockRange.blocks(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> BlockRange.blocks(BlockRange.BLOB_BYTES_MAX + 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sha256:../../../../etc/passwd",
        "sha256:",
        "sha512:abababababababababababababababababababababababababababababababab",
        "sha256:ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB",
        "sha256:ab/babababababababababababababababababababababababababababababab",
      })
  void textThatIsNoDigest_isNone(String text) {
    assertThat(BlobDigest.parse(text)).isEmpty();
  }
}
