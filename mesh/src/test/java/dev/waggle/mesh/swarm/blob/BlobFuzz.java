package dev.waggle.mesh.swarm.blob;

import dev.waggle.mesh.fuzz.FuzzTarget;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import java.time.Duration;
import java.util.List;

/** Questions about content, and the answers. */
public final class BlobFuzz implements FuzzTarget {
  @Override
  public void run(byte[] input) {
    try {
      BlobProtocol.encode(BlobProtocol.request(input));
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
    try {
      BlobProtocol.encode(BlobProtocol.reply(input));
    } catch (MalformedFrameException e) {
      // It says what is wrong.
    }
  }

  @Override
  public List<byte[]> seeds() {
    BlobDigest digest = new BlobDigest("ab".repeat(32));
    return List.of(
        BlobProtocol.encode(new BlobRequest.Describe("qwen3:8b", digest.toString())).toByteArray(),
        BlobProtocol.encode(new BlobRequest.Hashes(digest, new BlockRange(3, 9))).toByteArray(),
        BlobProtocol.encode(new BlobRequest.Read(digest, new BlockRange(0, 16))).toByteArray(),
        BlobProtocol.encode(new BlobReply.Model(new ModelManifest.Ollama("m", new byte[] {'{'})))
            .toByteArray(),
        BlobProtocol.encode(new BlobReply.Model(new ModelManifest.Gguf("m", digest, 7)))
            .toByteArray(),
        BlobProtocol.encode(new BlobReply.Hashes(9, new byte[64])).toByteArray(),
        BlobProtocol.encode(new BlobReply.Piece(new byte[5])).toByteArray(),
        BlobProtocol.encode(new BlobReply.Preparing(Duration.ofMillis(500))).toByteArray(),
        BlobProtocol.encode(new BlobReply.Refused(BlobReply.Reason.BUSY)).toByteArray());
  }
}
