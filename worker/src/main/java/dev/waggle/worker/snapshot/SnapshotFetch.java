package dev.waggle.worker.snapshot;

import dev.waggle.crypto.PeerId;
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

/** Reads a snapshot from who keeps it. */
final class SnapshotFetch {
  private static final Duration STALL_MAX = Duration.ofSeconds(20);
  private static final Duration RETRY_AFTER = Duration.ofMillis(500);
  private static final int TRIES_MAX = 5;

  private final BlobPeers peers;
  private final PeerId from;
  private final Snapshot snapshot;
  private final ByteArrayOutputStream read = new ByteArrayOutputStream();

  SnapshotFetch(BlobPeers peers, PeerId from, Snapshot snapshot) {
    this.peers = peers;
    this.from = from;
    this.snapshot = snapshot;
  }

  /**
   * Its bytes, not verified; blocks for at most {@link Snapshot#FETCH_MAX}, and a stall more.
   *
   * @throws IOException if they do not come, naming the cause
   */
  byte[] run() throws IOException, InterruptedException {
    long until = System.nanoTime() + Snapshot.FETCH_MAX.toNanos();
    int blocks = BlockRange.blocks(snapshot.bytes());
    int tries = 0;
    int next = 0;
    while (next < blocks) {
      int count = Math.min(BlobRequest.READ_BLOCKS_MAX, blocks - next);
      try (Blocks coming =
          peers.read(
              from,
              new BlobRequest.Read(snapshot.digest(), new BlockRange(next, count)),
              snapshot.bytes())) {
        for (int end = next + count; next < end; next++) {
          if (System.nanoTime() - until > 0) {
            throw new IOException("it took longer than " + Snapshot.FETCH_MAX.toSeconds() + " s");
          }
          read.writeBytes(coming.next(STALL_MAX));
        }
      } catch (BlobRefusedException e) {
        tries++;
        if (e.reason() != BlobReply.Reason.BUSY || tries == TRIES_MAX) {
          throw e;
        }
        TimeUnit.NANOSECONDS.sleep(RETRY_AFTER.toNanos());
      }
    }
    return read.toByteArray();
  }
}
