package dev.waggle.worker;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.Work;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Results for requesters that may be gone, until they settle them or ask for the same task again.
 * They are in memory, and on the disk so that they survive this node. Thread-safe; nothing blocks
 * but the constructor, {@link Recording#end} and {@link #sweep}, which wait for the disk.
 */
final class KeptResults {
  /** How long a result is kept. */
  static final Duration KEPT = Duration.ofHours(24);

  /** The most results; the oldest goes first. */
  static final int RESULTS_MAX = 1_000;

  /** The most bytes of one result; a longer one ends with its requester. */
  static final long BYTES_OF_ONE_MAX = 16L << 20;

  /** The most bytes of all, each as long as its file where that is longer. */
  static final long BYTES_MAX = 64L << 20;

  private final Clock clock;
  private final KeptFiles files;
  private final Map<KeptName, Recording> recordings = new LinkedHashMap<>();

  /** Claims whose files are not needed any more. */
  private final Set<ClaimId> obsolete = new HashSet<>();

  private long bytes;

  /** A whole result. */
  record Kept(List<Chunk> chunks, Ending ending) {
    Kept {
      chunks = List.copyOf(chunks);
    }
  }

  /** How a task ended well, and what it took. */
  record Ending(
      Work work, Usage usage, Outcome.FinishReason reason, Instant started, Instant ended) {}

  /** Begins with what the files have. */
  KeptResults(Clock clock, KeptFiles files) {
    this.clock = clock;
    this.files = files;
    for (KeptFiles.Found each : files.load(clock.instant().minus(KEPT))) {
      Recording known = new Recording(each);
      Recording older = recordings.put(known.name, known);
      bytes += known.bytes;
      if (older != null) {
        bytes -= older.bytes;
        obsolete.add(older.file);
      }
    }
    sweep();
  }

  /**
   * Begins to record what a task comes to; empty where nobody would ask for it again, and where it
   * is recorded already.
   */
  Optional<Recording> record(Assignment assignment) {
    return KeptName.of(assignment).flatMap(name -> record(name, assignment.claim()));
  }

  private synchronized Optional<Recording> record(KeptName name, ClaimId claim) {
    if (recordings.containsKey(name)) {
      return Optional.empty();
    }
    Recording fresh = new Recording(name, claim);
    recordings.put(name, fresh);
    return Optional.of(fresh);
  }

  /**
   * What the same task came to before, or will when it ends: nothing then if it ends badly. Empty
   * if it is not known. Who asks now is who settles it.
   */
  Optional<CompletableFuture<Optional<Kept>>> find(Assignment assignment) {
    return KeptName.of(assignment).flatMap(name -> find(name, assignment.claim()));
  }

  private synchronized Optional<CompletableFuture<Optional<Kept>>> find(
      KeptName name, ClaimId claim) {
    forgetOld();
    return Optional.ofNullable(recordings.get(name))
        .map(
            each -> {
              each.claim = claim;
              return each.result.copy();
            });
  }

  /**
   * The requester has it and has signed for it. Its file goes with the next {@link #sweep}.
   *
   * @return whether it was kept
   */
  synchronized boolean settled(PeerId requester, ClaimId claim) {
    boolean known = false;
    for (Recording each : List.copyOf(recordings.values())) {
      if (each.claim.equals(claim) && each.name.requester().equals(requester)) {
        each.forget();
        known = true;
      }
    }
    return known;
  }

  /** Forgets what is too old or too much, and deletes the files of what was forgotten. */
  void sweep() {
    List<ClaimId> deleting;
    synchronized (this) {
      forgetOld();
      deleting = List.copyOf(obsolete);
      obsolete.clear();
    }
    deleting.forEach(files::delete);
  }

  private void forgetOld() {
    Instant oldest = clock.instant().minus(KEPT);
    for (Recording each : List.copyOf(recordings.values())) {
      boolean tooMuch = recordings.size() > RESULTS_MAX || bytes > BYTES_MAX;
      if (each.ended != null && (tooMuch || each.ended.isBefore(oldest))) {
        each.forget();
      }
    }
  }

  /** A result in the making, or made. */
  final class Recording {
    private final KeptName name;

    /** The claim that it is made under, which names its file. */
    private final ClaimId file;

    private final List<Chunk> chunks = new ArrayList<>();
    private final CompletableFuture<Optional<Kept>> result = new CompletableFuture<>();
    private ClaimId claim;
    private long bytes;
    private boolean tooLong;
    private @Nullable Instant ended;

    private Recording(KeptName name, ClaimId claim) {
      this.name = name;
      this.file = claim;
      this.claim = claim;
    }

    private Recording(KeptFiles.Found found) {
      this(found.result().name(), found.claim());
      Kept kept = found.result().kept();
      this.bytes = found.bytes();
      this.ended = kept.ending().ended();
      this.result.complete(Optional.of(kept));
    }

    /** Whether it would be whole without its requester. */
    boolean isWhole() {
      synchronized (KeptResults.this) {
        return !tooLong;
      }
    }

    void add(Chunk chunk) {
      synchronized (KeptResults.this) {
        if (tooLong) {
          return;
        }
        grow(chunk.bytes());
        chunks.add(chunk);
        if (bytes > BYTES_OF_ONE_MAX || KeptResults.this.bytes > 2 * BYTES_MAX) {
          tooLong = true;
          grow(-bytes);
          chunks.clear();
        }
      }
    }

    private void grow(long more) {
      bytes += more;
      KeptResults.this.bytes += more;
    }

    /**
     * It is whole, and survives this node from now on.
     *
     * @param half the worker's half of the receipt
     */
    void end(Ending ending, Receipt half) {
      Optional<Kept> kept;
      synchronized (KeptResults.this) {
        kept = tooLong ? Optional.empty() : Optional.of(new Kept(chunks, ending));
      }
      long written =
          kept.map(each -> files.write(file, new KeptCodec.Named(name, each), half)).orElse(0L);
      synchronized (KeptResults.this) {
        ended = ending.ended();
        grow(Math.max(0, written - bytes));
        if (tooLong) {
          forget();
        }
      }
      sweep();
      result.complete(kept);
    }

    /** It will not be; means nothing after {@link #end}. */
    void fail() {
      synchronized (KeptResults.this) {
        if (ended == null) {
          forget();
        }
      }
      result.complete(Optional.empty());
    }

    private void forget() {
      if (recordings.remove(name, this)) {
        KeptResults.this.bytes -= bytes;
        if (ended != null) {
          obsolete.add(file);
        }
      }
    }
  }
}
