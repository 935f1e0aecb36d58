package dev.waggle.worker.engine;

import dev.waggle.crypto.Sha256;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;

/** The names of content, as engines and blobs have them: its SHA-256. */
public final class Digests {
  private static final int BUFFER_BYTES = 1 << 20;

  private Digests() {}

  /** The digest of some bytes. */
  public static BlobDigest of(byte[] bytes) {
    return BlobDigest.ofBytes(Sha256.of(bytes));
  }

  /** Hears that a file is still being read. */
  @FunctionalInterface
  public interface Heartbeat {
    /** Called after each piece of it; must not block. */
    void beat();
  }

  /** The digest of a file; blocks while it is read. */
  public static BlobDigest of(Path file, Heartbeat heartbeat) throws IOException {
    MessageDigest digest = Sha256.begin();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      int read;
      while ((read = in.read(buffer)) >= 0) {
        digest.update(buffer, 0, read);
        heartbeat.beat();
      }
    }
    return BlobDigest.ofBytes(digest.digest());
  }
}
