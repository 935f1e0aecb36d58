package dev.waggle.coordinator.job;

import dev.waggle.crypto.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/** Files that tasks left, each under the hash of its content. Thread-safe. */
public final class ArtifactStore {
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
  private static final String PARTIAL = "partial-";

  private final Path directory;

  /**
   * Uses a directory of its own, and clears what a crash left half written there.
   *
   * @throws IOException if it cannot be made or written
   */
  public ArtifactStore(Path directory) throws IOException {
    this.directory = directory;
    Files.createDirectories(directory);
    try (DirectoryStream<Path> partial = Files.newDirectoryStream(directory, PARTIAL + "*")) {
      for (Path each : partial) {
        Files.deleteIfExists(each);
      }
    }
  }

  /** Begins a file. */
  public Incoming begin() throws IOException {
    return new Incoming(Files.createTempFile(directory, PARTIAL, ""));
  }

  /** The file of a hash; empty when it is not here. */
  public Optional<Path> find(String sha256) {
    if (!SHA_256.matcher(sha256).matches()) {
      return Optional.empty();
    }
    Path file = directory.resolve(sha256);
    return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
  }

  /** Deletes files that nobody kept again since a moment. */
  public void forget(Instant before) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path each : files) {
        if (Files.getLastModifiedTime(each).toInstant().isBefore(before)) {
          Files.deleteIfExists(each);
        }
      }
    }
  }

  /** A file that is being written; closing it without {@link #keep} throws it away. */
  public final class Incoming implements AutoCloseable {
    private final Path file;
    private final DigestOutputStream out;
    private long bytes;

    private Incoming(Path file) throws IOException {
      this.file = file;
      OutputStream plain = Files.newOutputStream(file);
      this.out = new DigestOutputStream(plain, Sha256.begin());
    }

    /** Adds to it. */
    public void write(byte[] part) throws IOException {
      out.write(part);
      bytes += part.length;
    }

    /** How long it is so far. */
    public long bytes() {
      return bytes;
    }

    /** Keeps it; returns its hash. */
    public String keep() throws IOException {
      out.close();
      String name = HexFormat.of().formatHex(out.getMessageDigest().digest());
      Files.move(
          file,
          directory.resolve(name),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      return name;
    }

    @Override
    public void close() throws IOException {
      out.close();
      Files.deleteIfExists(file);
    }
  }
}
