package dev.waggle.mesh.swarm.audit;

import dev.waggle.crypto.PeerId;
import java.util.Optional;

/** Answers about records, and hears of those that told two stories. Thread-safe. */
public interface AuditServer {
  /** Answers a member; may block. */
  AuditReply onRequest(PeerId from, AuditRequest request);

  /**
   * Whose fork the bytes prove, if they do and this node does not know it. Does not block for long.
   */
  Optional<PeerId> newFork(byte[] evidence);

  /** Keeps a proof that {@link #newFork} found good; may block. */
  void onFork(byte[] evidence);
}
