package dev.waggle.worker;

import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Work;
import dev.waggle.mesh.swarm.exchange.Assignment;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.exchange.KeepId;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Results for requesters that may be gone, in memory, until they settle them or ask for the same
 * task again. Thread-safe; nothing blocks.
 */
final class KeptResults {
  /** How long a result is kept. */
  static final Duration KEPT = Duration.ofHours(24);

  /** The most results; the oldest goes first. */
  static final int RESULTS_MAX = 1_000;

  /** The most bytes of one result; a longer one ends with its requester. */
  static final long BYTES_OF_ONE_MAX = 16L << 20;

  /** The most bytes of all. */
  static final long BYTES_MAX = 64L << 20;

  private final Clock clock;
  private final Map<Name, Recording> recordings = new LinkedHashMap<>();
  private long bytes;

  /** What is asked for again has the same name, and is the same. */
  private record Name(PeerId requester, KeepId keep, TaskSpec spec) {}

  /** A whole result. */
  record Kept(List<Chunk> chunks, Ending ending) {
    Kept {
      chunks = List.copyOf(chunks);
    }
  }

  /** How a task ended well, and what it took. */
  record Ending(
      Work work, Usage usage, Outcome.FinishReason reason, Instant started, Instant ended) {}

  KeptResults(Clock clock) {
    this.clock = clock;
  }

  /**
   * Begins to record what a task comes to; empty where nobody would ask for it again, and where it
   * is recorded already.
   */
  synchronized Optional<Recording> record(Assignment assignment) {
    return name(assignment)
        .filter(name -> !recordings.containsKey(name))
        .map(
            name -> {
              Recording fresh = new Recording(assignment.claim());
              recordings.put(name, fresh);
              return fresh;
            });
  }

  /**
   * What the same task came to before, or will when it ends: nothing then if it ends badly. Empty
   * if it is not known. Who asks now is who settles it.
   */
  synchronized Optional<CompletableFuture<Optional<Kept>>> find(Assignment assignment) {
    forgetOld();
    return name(assignment)
        .flatMap(name -> Optional.ofNullable(recordings.get(name)))
        .map(
            each -> {
              each.claim = assignment.claim();
              return each.result.copy();
            });
  }

  private static Optional<Name> name(Assignment assignment) {
    return assignment
        .part()
        .map(part -> new Name(assignment.requester(), part.keep(), assignment.spec()));
  }

  /** The requester has it and has signed for it. */
  synchronized void settled(PeerId requester, ClaimId claim) {
    Iterator<Map.Entry<Name, Recording>> each = recordings.entrySet().iterator();
    while (each.hasNext()) {
      Map.Entry<Name, Recording> next = each.next();
      if (next.getValue().claim.equals(claim) && next.getKey().requester().equals(requester)) {
        bytes -= next.getValue().bytes;
        each.remove();
      }
    }
  }

  private void forgetOld() {
    Instant oldest = clock.instant().minus(KEPT);
    Iterator<Recording> each = recordings.values().iterator();
    while (each.hasNext()) {
      Recording next = each.next();
      boolean tooMuch = recordings.size() > RESULTS_MAX || bytes > BYTES_MAX;
      if (next.ended != null && (tooMuch || next.ended.isBefore(oldest))) {
        bytes -= next.bytes;
        each.remove();
      }
    }
  }

  /** A result in the making. */
  final class Recording {
    private final List<Chunk> chunks = new ArrayList<>();
    private final CompletableFuture<Optional<Kept>> result = new CompletableFuture<>();
    private ClaimId claim;
    private long bytes;
    private boolean tooLong;
    private @Nullable Instant ended;

    private Recording(ClaimId claim) {
      this.claim = claim;
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
        bytes += chunk.bytes();
        KeptResults.this.bytes += chunk.bytes();
        chunks.add(chunk);
        if (bytes > BYTES_OF_ONE_MAX || KeptResults.this.bytes > 2 * BYTES_MAX) {
          tooLong = true;
          KeptResults.this.bytes -= bytes;
          bytes = 0;
          chunks.clear();
        }
      }
    }

    /** It is whole. */
    void end(Ending ending) {
      Optional<Kept> kept;
      synchronized (KeptResults.this) {
        ended = ending.ended();
        kept = tooLong ? Optional.empty() : Optional.of(new Kept(chunks, ending));
        if (tooLong) {
          forget();
        }
        forgetOld();
      }
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
      if (recordings.values().remove(this)) {
        KeptResults.this.bytes -= bytes;
      }
    }
  }
}
