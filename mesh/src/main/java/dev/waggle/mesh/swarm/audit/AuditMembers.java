package dev.waggle.mesh.swarm.audit;

import dev.waggle.crypto.PeerId;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The other members, as one reaches them who looks after records. Thread-safe; nothing blocks. */
public interface AuditMembers {
  /** Those that are connected. */
  List<PeerId> connected();

  /** Asks one of them. Fails when it is not connected, or does not answer in time. */
  CompletableFuture<AuditReply> ask(PeerId member, AuditRequest request);

  /** Tells all members of a record that tells two stories. */
  void announceFork(byte[] evidence);
}
