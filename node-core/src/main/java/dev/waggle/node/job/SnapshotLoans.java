package dev.waggle.node.job;

import dev.waggle.crypto.PeerId;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** Which members may fetch which snapshots, because jobs are on their way to them. Thread-safe. */
public final class SnapshotLoans {
  private final List<Loan> loans = new CopyOnWriteArrayList<>();

  /** Not a record: each is another one. */
  private static final class Loan {
    private final PeerId to;
    private final Set<String> snapshots;

    Loan(PeerId to, Set<String> snapshots) {
      this.to = to;
      this.snapshots = snapshots;
    }
  }

  /**
   * Lends snapshots as long as something is under way.
   *
   * @param snapshots by the SHA-256 of their archives, in hex
   */
  public <T> CompletableFuture<T> during(
      PeerId to, Set<String> snapshots, Supplier<CompletableFuture<T>> work) {
    Loan loan = new Loan(to, snapshots);
    loans.add(loan);
    try {
      return work.get().whenComplete((value, failure) -> loans.remove(loan));
    } catch (RuntimeException e) {
      loans.remove(loan);
      throw e;
    }
  }

  /** Whether a member may fetch a snapshot at this moment. */
  public boolean isLent(PeerId to, String sha256) {
    return loans.stream().anyMatch(each -> each.to.equals(to) && each.snapshots.contains(sha256));
  }
}
