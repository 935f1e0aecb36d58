package dev.waggle.worker.snapshot;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.blob.BlobPeers;
import dev.waggle.mesh.swarm.blob.BlobRefusedException;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlobRequest;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.Blocks;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Reads a snapshot from who keeps it, on as many connections as it takes: a relay may go away or
 * end what it carries, and then the next connection goes on with the block that is missing.
 */
final class SnapshotFetch {
  private static final Duration STALL_MAX = Duration.ofSeconds(20);
  private static final Duration RETRY_AFTER = Duration.ofMillis(500);
  private static final int REFUSALS_MAX = 5;

  private final BlobPeers peers;
  private final PeerId from;
  private final Snapshot snapshot;
  private final int blocks;
  private final ByteArrayOutputStream read = new ByteArrayOutputStream();
  private int next;
  private long came = System.nanoTime();

  SnapshotFetch(BlobPeers peers, PeerId from, Snapshot snapshot) {
    this.peers = peers;
    this.from = from;
    this.snapshot = snapshot;
    this.blocks = BlockRange.blocks(snapshot.bytes());
  }

  /**
   * Its bytes, not verified; blocks for at most {@link Snapshot#FETCH_MAX}, and a stall more.
   *
   * @throws IOException if they do not come, naming the cause
   */
  byte[] run() throws IOException, InterruptedException {
    long until = System.nanoTime() + Snapshot.FETCH_MAX.toNanos();
    int refusals = 0;
    while (next < blocks) {
      try {
        readOn(until);
        continue;
      } catch (BlobRefusedException e) {
        refusals++;
        if (e.reason() != BlobReply.Reason.BUSY || refusals == REFUSALS_MAX) {
          throw e;
        }
      } catch (MalformedFrameException e) {
        throw e;
      } catch (IOException e) {
        long now = System.nanoTime();
        if (now - until > 0 || now - came >= STALL_MAX.toNanos()) {
          throw e;
        }
      }
      TimeUnit.NANOSECONDS.sleep(RETRY_AFTER.toNanos());
    }
    return read.toByteArray();
  }

  /** Reads what one request gives. */
  private void readOn(long until) throws IOException, InterruptedException {
    BlockRange range = new BlockRange(next, Math.min(BlobRequest.READ_BLOCKS_MAX, blocks - next));
    try (Blocks coming =
        peers.read(from, new BlobRequest.Read(snapshot.digest(), range), snapshot.bytes())) {
      while (next < range.end()) {
        if (System.nanoTime() - until > 0) {
          throw new IOException("it took longer than " + Snapshot.FETCH_MAX.toSeconds() + " s");
        }
        read.writeBytes(coming.next(STALL_MAX));
        next++;
        came = System.nanoTime();
      }
    }
  }
}
