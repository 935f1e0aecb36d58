package dev.waggle.coordinator.job;

import dev.waggle.crypto.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Tells jobs apart that carry the same key. */
final class DraftHash {
  private DraftHash() {}

  /** SHA-256 of what is to be done; the title, the deadline and the priority are not part of it. */
  static byte[] of(JobDraft draft) {
    MessageDigest digest = Sha256.begin();
    add(digest, draft.kind().name().getBytes(StandardCharsets.UTF_8));
    for (TaskDraft each : draft.tasks()) {
      add(digest, each.name().getBytes(StandardCharsets.UTF_8));
      add(digest, each.after().toString().getBytes(StandardCharsets.UTF_8));
      add(digest, each.work().encode());
    }
    return digest.digest();
  }

  private static void add(MessageDigest digest, byte[] part) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(part.length).array());
    digest.update(part);
  }
}
