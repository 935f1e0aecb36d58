package dev.waggle.mesh.swarm.blob;

/** What one node asks another about content. */
public sealed interface BlobRequest {
  /** The most blocks of one read: what a source sends without being asked again. */
  int READ_BLOCKS_MAX = 16;

  /** The most hashes of one answer. */
  int HASHES_MAX = 8_192;

  /**
   * Say what a model consists of.
   *
   * @param model its name
   * @param digest its digest, as adverts have it
   */
  record Describe(String model, String digest) implements BlobRequest {
    /** The longest name or digest, in characters. */
    public static final int CHARACTERS_MAX = 256;

    public Describe {
      if (model.isEmpty()
          || digest.isEmpty()
          || model.length() > CHARACTERS_MAX
          || digest.length() > CHARACTERS_MAX) {
        throw new IllegalArgumentException("that is no model");
      }
    }
  }

  /** State the hashes of blocks; fewer come where the blob ends. */
  record Hashes(BlobDigest digest, BlockRange range) implements BlobRequest {
    public Hashes {
      if (range.count() > HASHES_MAX) {
        throw new IllegalArgumentException("at most " + HASHES_MAX + " hashes");
      }
    }
  }

  /** Send blocks, all of which the blob has. */
  record Read(BlobDigest digest, BlockRange range) implements BlobRequest {
    public Read {
      if (range.count() > READ_BLOCKS_MAX) {
        throw new IllegalArgumentException("at most " + READ_BLOCKS_MAX + " blocks");
      }
    }
  }
}
