package dev.waggle.worker.model;

import dev.waggle.mesh.swarm.blob.BlobRequest;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.Pace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The blocks that are still missing, shared out among sources. Who has nothing left to do takes
 * over what another holds for too long; whoever brings a block first has it. Thread-safe.
 */
final class BlockQueue {
  /** How long a source may hold blocks before others may fetch them, too. */
  static final Duration SLOW_AFTER = Duration.ofSeconds(5);

  private static final Duration STEP = Duration.ofMillis(250);
  // So many ranges for each source, that they end together.
  private static final int RANGES_OF_SOURCE = 4;

  private final BitSet missing;
  private final int rangeBlocks;
  private final LongSupplier nanos;
  private final BitSet held = new BitSet();
  private final List<Share> holders = new ArrayList<>();
  private boolean closed;

  private int taken;

  /**
   * Blocks that a source fetches.
   *
   * @param since when it took them
   * @param again whether another, slow one fetches them, too
   */
  record Share(int id, BlockRange range, long since, boolean again) {}

  /**
   * @param pace limits what is fetched; a share is no more than it lets through in a second
   */
  BlockQueue(BitSet missing, int sources, Pace pace, LongSupplier nanos) {
    this.missing = (BitSet) missing.clone();
    this.nanos = nanos;
    int ranges = Math.max(1, sources) * RANGES_OF_SOURCE;
    int share = (missing.cardinality() + ranges - 1) / ranges;
    long perSecond = Math.max(1, pace.bytesPerSecond() / BlockRange.BLOCK_BYTES);
    int most =
        pace.bytesPerSecond() == 0
            ? BlobRequest.READ_BLOCKS_MAX
            : (int) Math.min(BlobRequest.READ_BLOCKS_MAX, perSecond);
    this.rangeBlocks = Math.max(1, Math.min(most, share));
  }

  /** Waits for blocks to fetch; empty when there is nothing left to do. */
  synchronized Optional<Share> take() throws InterruptedException {
    while (!closed && !missing.isEmpty()) {
      BitSet free = (BitSet) missing.clone();
      free.andNot(held);
      Optional<BlockRange> range = free.isEmpty() ? ofSlow() : Optional.of(first(free));
      if (range.isPresent()) {
        Share share = new Share(taken++, range.get(), nanos.getAsLong(), free.isEmpty());
        holders.add(share);
        held.set(range.get().from(), range.get().end());
        return Optional.of(share);
      }
      TimeUnit.NANOSECONDS.timedWait(this, STEP.toNanos());
    }
    return Optional.empty();
  }

  private BlockRange first(BitSet free) {
    int from = free.nextSetBit(0);
    return new BlockRange(from, Math.min(rangeBlocks, free.nextClearBit(from) - from));
  }

  /** What is missing of what somebody holds for too long and nobody else fetches. */
  private Optional<BlockRange> ofSlow() {
    long now = nanos.getAsLong();
    for (Share each : holders) {
      int from = missing.nextSetBit(each.range().from());
      boolean twice =
          holders.stream().anyMatch(other -> other.again() && overlap(other, each.range()));
      if (!each.again()
          && !twice
          && now - each.since() > SLOW_AFTER.toNanos()
          && from >= 0
          && from < each.range().end()) {
        int end = Math.min(missing.nextClearBit(from), each.range().end());
        return Optional.of(new BlockRange(from, end - from));
      }
    }
    return Optional.empty();
  }

  private static boolean overlap(Share share, BlockRange range) {
    return share.range().from() < range.end() && range.from() < share.range().end();
  }

  /** A block is there; whether it was still missing. */
  synchronized boolean done(int block) {
    boolean news = missing.get(block);
    missing.clear(block);
    if (missing.isEmpty()) {
      notifyAll();
    }
    return news;
  }

  /** Whether any block of the range is still missing. */
  synchronized boolean needs(BlockRange range) {
    int next = missing.nextSetBit(range.from());
    return !closed && next >= 0 && next < range.end();
  }

  /** Who took the share fetches it no more; what is missing of it goes to others. */
  synchronized void giveBack(Share share) {
    holders.remove(share);
    held.clear();
    holders.forEach(each -> held.set(each.range().from(), each.range().end()));
    notifyAll();
  }

  /** Waits at most that long for all to be there; whether they are. */
  synchronized boolean await(Duration time) throws InterruptedException {
    if (!missing.isEmpty() && !closed) {
      TimeUnit.NANOSECONDS.timedWait(this, time.toNanos());
    }
    return missing.isEmpty();
  }

  /** Gives out nothing more. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }
}
