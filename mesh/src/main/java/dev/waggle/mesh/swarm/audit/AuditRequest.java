package dev.waggle.mesh.swarm.audit;

import java.util.List;

/** What one node asks another about a record. */
public sealed interface AuditRequest {
  /**
   * Cosign a checkpoint of the asker's own record.
   *
   * @param note the checkpoint, signed
   * @param provedFrom the size that the proof begins with; 0 without a proof
   * @param proof that it continues that size, at most 63 hashes of 32 bytes
   */
  record Submit(String note, long provedFrom, List<byte[]> proof) implements AuditRequest {
    /** The longest proof. */
    public static final int PROOF_HASHES_MAX = 63;

    private static final int HASH_BYTES = 32;

    public Submit {
      proof = List.copyOf(proof);
      if (provedFrom < 0
          || proof.size() > PROOF_HASHES_MAX
          || proof.stream().anyMatch(each -> each.length != HASH_BYTES)) {
        throw new IllegalArgumentException("that is no proof");
      }
    }
  }

  /**
   * Say what the asked node's own record was at a size.
   *
   * @param size 0 or more
   */
  record At(long size) implements AuditRequest {
    public At {
      if (size < 0) {
        throw new IllegalArgumentException("a size is 0 or more");
      }
    }
  }

  /** Say what the asked node's own record is now. */
  record Head() implements AuditRequest {}

  /**
   * Give entries of the asked node's own record, as they are hashed: without what they say.
   *
   * @param from the first, 1 or more
   * @param max how many at most, 1 to {@value #ENTRIES_MAX}
   */
  record Range(long from, int max) implements AuditRequest {
    /** The most entries of one answer. */
    public static final int ENTRIES_MAX = 500;

    public Range {
      if (from < 1 || max < 1 || max > ENTRIES_MAX) {
        throw new IllegalArgumentException("that is no range of entries");
      }
    }
  }
}
