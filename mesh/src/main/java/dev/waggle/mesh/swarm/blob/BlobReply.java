package dev.waggle.mesh.swarm.blob;

import java.time.Duration;
import java.util.Optional;

/** What is answered. */
public sealed interface BlobReply {
  /** The longest time that an answer may put off the next question. */
  Duration RETRY_AFTER_MAX = Duration.ofSeconds(60);

  /** What the model consists of. */
  record Model(ModelManifest manifest) implements BlobReply {}

  /**
   * Hashes of blocks, in their order.
   *
   * @param sizeBytes the size of the whole blob
   * @param hashes SHA-256 of each, one after the other; a multiple of 32 bytes
   */
  record Hashes(long sizeBytes, byte[] hashes) implements BlobReply {
    public Hashes {
      BlockRange.blocks(sizeBytes);
      if (hashes.length % BlobDigest.BYTES != 0
          || hashes.length > BlobRequest.HASHES_MAX * BlobDigest.BYTES) {
        throw new IllegalArgumentException("these are no hashes");
      }
    }
  }

  /** A part of what is read; the parts follow each other without a gap. */
  record Piece(byte[] bytes) implements BlobReply {
    /** The longest, so that slow links and limits of speed still show progress. */
    public static final int BYTES_MAX = 64 << 10;

    public Piece {
      if (bytes.length == 0 || bytes.length > BYTES_MAX) {
        throw new IllegalArgumentException("a piece has 1 to " + BYTES_MAX + " bytes");
      }
    }
  }

  /** The source has to read the whole blob before it can say that; ask again after a while. */
  record Preparing(Duration retryAfter) implements BlobReply {
    public Preparing {
      if (retryAfter.isNegative() || retryAfter.compareTo(RETRY_AFTER_MAX) > 0) {
        throw new IllegalArgumentException("that is too long to wait");
      }
    }
  }

  /** There is no answer. */
  record Refused(Reason reason) implements BlobReply {}

  /** Why there is none. The code is what is sent; it never changes its meaning. */
  enum Reason {
    /** It has no such model or blob, or no longer. */
    UNKNOWN(1, "it does not have that (any more)"),
    /** It serves as much as it can at once; another time it may. */
    BUSY(2, "it sends as much as it can already"),
    /** Its owner shares nothing, not with this member, or not now. */
    NOT_SHARED(3, "its owner does not share that");

    private final int code;
    private final String words;

    Reason(int code, String words) {
      this.code = code;
      this.words = words;
    }

    int code() {
      return code;
    }

    /** Its meaning for people. */
    public String words() {
      return words;
    }

    static Optional<Reason> ofCode(int code) {
      for (Reason reason : values()) {
        if (reason.code == code) {
          return Optional.of(reason);
        }
      }
      return Optional.empty();
    }
  }
}
