package dev.waggle.coordinator.job;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.snapshot.FileArchive;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The files of a revision of a repository: as a snapshot has them, or changed. Immutable. */
public final class Repository {
  // File systems give room in blocks of this size.
  private static final int BLOCK_BYTES = 4_096;

  private final BlobDigest digest;
  private final long bytes;
  private final Map<String, CodeFile> frozen;
  private final Map<String, CodeFile> files;

  Repository(BlobDigest digest, long bytes, List<CodeFile> files) {
    this(digest, bytes, new TreeMap<>(), new TreeMap<>());
    files.forEach(each -> frozen.put(each.path(), each));
    this.files.putAll(frozen);
  }

  private Repository(
      BlobDigest digest, long bytes, Map<String, CodeFile> frozen, Map<String, CodeFile> files) {
    this.digest = digest;
    this.bytes = bytes;
    this.frozen = frozen;
    this.files = files;
  }

  /**
   * Reads a snapshot that is kept here; blocks.
   *
   * @throws IOException if it is not here, or is no snapshot; the message names the remedy
   */
  public static Repository read(ArtifactStore artifacts, String sha256) throws IOException {
    Optional<Path> file = artifacts.find(sha256);
    if (file.isEmpty()) {
      throw new IOException(
          "this node keeps no snapshot " + sha256 + " (waggle code --repo makes one)");
    }
    long bytes = Files.size(file.get());
    if (bytes > Snapshot.BYTES_MAX) {
      throw new IOException(sha256 + " is larger than a snapshot's " + Snapshot.BYTES_MAX);
    }
    byte[] archive = Files.readAllBytes(file.get());
    try {
      return new Repository(
          new BlobDigest(sha256), bytes, FileArchive.read(new ByteArrayInputStream(archive)));
    } catch (IOException e) {
      throw new IOException(sha256 + " is no snapshot: " + e.getMessage(), e);
    }
  }

  /** Its files, in the order of their paths. */
  Collection<CodeFile> files() {
    return files.values();
  }

  Optional<CodeFile> file(String path) {
    return Optional.ofNullable(files.get(path));
  }

  /** It, after a change. */
  Repository with(RepositoryChange change) {
    Map<String, CodeFile> after = new TreeMap<>(files);
    after.keySet().removeAll(change.deleted());
    after.putAll(change.written());
    return new Repository(digest, bytes, frozen, after);
  }

  /** How it differs from its snapshot. */
  RepositoryChange change() {
    Map<String, CodeFile> written = new TreeMap<>(files);
    written.values().removeIf(each -> each.equals(frozen.get(each.path())));
    Set<String> deleted = new TreeSet<>(frozen.keySet());
    deleted.removeAll(files.keySet());
    return new RepositoryChange(written, deleted);
  }

  /** A file as its snapshot has it. */
  Optional<CodeFile> frozen(String path) {
    return Optional.ofNullable(frozen.get(path));
  }

  /** What a file says; empty where it is no text. */
  static Optional<String> text(Bytes content) {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content.toArray())).toString();
      return text.indexOf(0) < 0 ? Optional.of(text) : Optional.empty();
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  /** What a task needs to start with the files of the snapshot, but for some. */
  Snapshot snapshot(Collection<String> without) {
    return new Snapshot(digest, bytes, List.copyOf(without));
  }

  /** The limits of a task that starts with the snapshot, and writes as much as another may. */
  CodeLimits limits(CodeLimits other) {
    long room =
        frozen.values().stream()
            .mapToLong(
                each -> (each.content().size() + BLOCK_BYTES) / BLOCK_BYTES * (long) BLOCK_BYTES)
            .sum();
    return new CodeLimits(
        other.wall(),
        other.memoryBytes(),
        other.processes(),
        Math.min(other.diskBytes() + room, CodeLimits.DISK_BYTES_MAX),
        other.outputBytes());
  }
}
