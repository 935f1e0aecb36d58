package dev.waggle.mesh.swarm.blob;

import dev.waggle.crypto.PeerId;
import java.util.concurrent.CompletableFuture;

/** The other members, as one reaches them who wants content. Thread-safe; nothing blocks. */
public interface BlobPeers {
  /**
   * Asks for a description or for hashes. Fails with an {@link java.io.IOException} when the member
   * is not connected or sends what is no answer, and with a {@link
   * java.util.concurrent.TimeoutException} when that takes too long.
   */
  CompletableFuture<BlobReply> ask(PeerId member, BlobRequest request);

  /**
   * Asks for blocks.
   *
   * @param sizeBytes the size of the blob
   */
  Blocks read(PeerId member, BlobRequest.Read request, long sizeBytes);

  /** A member sent bytes that are not what it had stated: that counts against it. */
  void blame(PeerId member);
}
