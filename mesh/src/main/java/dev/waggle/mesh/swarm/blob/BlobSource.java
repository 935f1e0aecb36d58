package dev.waggle.mesh.swarm.blob;

import dev.waggle.crypto.PeerId;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.util.Optional;

/** What this node has to give. Thread-safe; methods may wait for the disk, unless they say so. */
public interface BlobSource {
  /** Whether that member is answered at all now; does not block. */
  boolean isOpenTo(PeerId member);

  /** What there is for that member, which may be less or other than for others; does not block. */
  default BlobSource to(PeerId member) {
    return this;
  }

  /**
   * What there is for that member where only a relay, which is a third member's machine, connects
   * it: nothing, unless that is little; does not block.
   */
  default Optional<BlobSource> relayedTo(PeerId member) {
    return Optional.empty();
  }

  /** What a model with that name and digest consists of; empty when it is not there. */
  Optional<ModelManifest> describe(String model, String digest);

  /** Hashes of blocks, that they are being prepared, or that there are none. */
  BlobReply hashes(BlobDigest digest, BlockRange range);

  /**
   * Opens a blob, which belongs to the caller then; empty when it is not there.
   *
   * @throws IOException if it is there and cannot be read
   */
  Optional<SeekableByteChannel> open(BlobDigest digest) throws IOException;
}
