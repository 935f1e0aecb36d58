package dev.waggle.worker.snapshot;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import java.io.IOException;
import java.util.List;

/** Brings the files that code starts with. Thread-safe. */
@FunctionalInterface
public interface Snapshots {
  /**
   * The files of a snapshot; blocks for a bounded time while they are fetched.
   *
   * @param requester who wants code to be run on them, and has them
   * @throws IOException if they cannot be had, or are not what the snapshot's digest says; the
   *     message names the cause
   * @throws InterruptedException when this thread was interrupted
   */
  List<CodeFile> files(PeerId requester, Snapshot snapshot)
      throws IOException, InterruptedException;
}
