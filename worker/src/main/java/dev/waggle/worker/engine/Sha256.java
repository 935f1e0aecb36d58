package dev.waggle.worker.engine;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256, as engines and blobs name content by it. */
public final class Sha256 {
  private static final int BUFFER_BYTES = 1 << 20;

  private Sha256() {}

  /** A digest that is still empty. */
  public static MessageDigest begin() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  /** The digest of some bytes. */
  public static BlobDigest of(byte[] bytes) {
    return BlobDigest.ofBytes(begin().digest(bytes));
  }

  /** Hears that a file is still being read. */
  @FunctionalInterface
  public interface Heartbeat {
    /** Called after each piece of it; must not block. */
    void beat();
  }

  /** The digest of a file; blocks while it is read. */
  public static BlobDigest of(Path file, Heartbeat heartbeat) throws IOException {
    MessageDigest digest = begin();
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
