package dev.waggle.mesh.swarm.audit;

import java.util.List;

/** What is answered. */
public sealed interface AuditReply {
  /** The checkpoint was checked; the note has the cosignature. */
  record Cosigned(String note) implements AuditReply {}

  /** The last checkpoint that the asked node has of the asker's record, which is another. */
  record Known(String note) implements AuditReply {}

  /** The asked node's own record at the size that was asked for. */
  record Own(String note) implements AuditReply {}

  /** Entries in their order, as they are hashed; fewer than asked for, or none, at the end. */
  record Entries(List<byte[]> entries) implements AuditReply {
    public Entries {
      entries = List.copyOf(entries);
    }
  }

  /** There is no answer to that. */
  record Refused() implements AuditReply {}
}
