package dev.waggle.ledger.tlog;

import dev.waggle.crypto.Identity;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Decides what a witness says to a checkpoint that is brought to it, by the rules of C2SP
 * tlog-witness. Performs no I/O, reads no clock.
 */
public final class Witness {
  /** What is said to a checkpoint. */
  public sealed interface Verdict {
    /** It continues what was known; to be kept before the answer is given. */
    record Cosigned(SignedCheckpoint checkpoint) implements Verdict {}

    /** The proof is from another size than that of the checkpoint that is known. */
    record Behind(SignedCheckpoint known) implements Verdict {}

    /** The log is shorter than it was: it was rolled back, or this is an old checkpoint. */
    record RolledBack(SignedCheckpoint known) implements Verdict {}

    /** It contradicts the one that is known, and both together prove it. */
    record Forked(Fork fork) implements Verdict {}

    /** It does not continue the one that is known; what it says at that size would prove it. */
    record Inconsistent(SignedCheckpoint known) implements Verdict {}
  }

  private final Identity identity;

  public Witness(Identity identity) {
    this.identity = identity;
  }

  /**
   * Judges a checkpoint whose signature is good.
   *
   * @param known the last one that was cosigned of that log
   * @param provedFrom the size that the proof begins with
   * @param proof see {@link MerkleTree#consistency}
   */
  public Verdict judge(
      SignedCheckpoint brought,
      Optional<SignedCheckpoint> known,
      long provedFrom,
      List<byte[]> proof,
      Instant now) {
    Checkpoint latest = brought.checkpoint();
    if (known.isEmpty()) {
      return cosigned(brought, now);
    }
    Checkpoint before = known.get().checkpoint();
    if (latest.size() == before.size()) {
      return latest.agreesWith(before)
          ? cosigned(brought, now)
          : new Verdict.Forked(new Fork(known.get(), brought));
    }
    if (latest.size() < before.size()) {
      return new Verdict.RolledBack(known.get());
    }
    if (provedFrom != before.size()) {
      return new Verdict.Behind(known.get());
    }
    return MerkleProof.continues(before.size(), before.root(), latest.size(), latest.root(), proof)
        ? cosigned(brought, now)
        : new Verdict.Inconsistent(known.get());
  }

  private Verdict cosigned(SignedCheckpoint brought, Instant now) {
    SignedCheckpoint bare =
        new SignedCheckpoint(brought.checkpoint(), brought.signature(), List.of());
    return new Verdict.Cosigned(bare.with(Cosignature.sign(brought.checkpoint(), identity, now)));
  }
}
