package dev.waggle.worker.snapshot;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobPeers;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.snapshot.FileArchive;
import dev.waggle.mesh.swarm.snapshot.MalformedArchiveException;
import dev.waggle.worker.engine.Digests;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Snapshots that were fetched, in a directory of their own, those that were used last. Each is kept
 * for the member who gave it: that another one knows its digest does not give it to him.
 */
public final class SnapshotCache implements Snapshots {
  /** The most room that they take all together. */
  static final long BYTES_MAX = 16 * Snapshot.BYTES_MAX;

  /** The most that are kept. */
  static final int COUNT_MAX = 256;

  /**
   * How long one is kept that nobody uses: it is another member's, and few jobs rest for longer.
   */
  static final Duration UNUSED_MAX = Duration.ofHours(1);

  private static final Logger log = LoggerFactory.getLogger(SnapshotCache.class);
  private static final String PARTIAL = "partial-";

  private final Path directory;
  private final PeerId self;
  private final Function<BlobDigest, Optional<Path>> own;
  private final Supplier<BlobPeers> peers;
  private final Clock clock;

  private record Kept(Path file, long bytes, Instant used) {}

  /**
   * A cache whose directory is made when it is first used.
   *
   * @param own finds what this node itself keeps for its own tasks
   * @param peers the other members
   */
  public SnapshotCache(
      Path directory,
      PeerId self,
      Function<BlobDigest, Optional<Path>> own,
      Supplier<BlobPeers> peers,
      Clock clock) {
    this.directory = directory;
    this.self = self;
    this.own = own;
    this.peers = peers;
    this.clock = clock;
  }

  @Override
  public List<CodeFile> files(PeerId requester, Snapshot snapshot)
      throws IOException, InterruptedException {
    Optional<byte[]> here =
        requester.equals(self) ? own(snapshot) : kept(file(requester, snapshot), snapshot);
    byte[] archive = here.isPresent() ? here.get() : fetched(requester, snapshot);
    return FileArchive.read(new ByteArrayInputStream(archive));
  }

  private Optional<byte[]> own(Snapshot snapshot) throws IOException {
    Optional<Path> file = own.apply(snapshot.digest());
    Optional<byte[]> archive = file.isPresent() ? verified(file.get(), snapshot) : Optional.empty();
    if (archive.isEmpty()) {
      throw new IOException("this node has no snapshot " + snapshot.digest() + " (any more)");
    }
    return archive;
  }

  private Path file(PeerId requester, Snapshot snapshot) {
    return directory.resolve(requester + "-" + snapshot.digest().hex());
  }

  private Optional<byte[]> kept(Path file, Snapshot snapshot) throws IOException {
    try {
      Optional<byte[]> archive = verified(file, snapshot);
      if (archive.isPresent()) {
        Files.setLastModifiedTime(file, FileTime.from(clock.instant()));
      }
      return archive;
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** The content of a file if it is the snapshot's. */
  private static Optional<byte[]> verified(Path file, Snapshot snapshot) throws IOException {
    if (Files.size(file) != snapshot.bytes()) {
      return Optional.empty();
    }
    byte[] archive = Files.readAllBytes(file);
    return Digests.of(archive).equals(snapshot.digest()) ? Optional.of(archive) : Optional.empty();
  }

  private byte[] fetched(PeerId requester, Snapshot snapshot)
      throws IOException, InterruptedException {
    byte[] archive = new SnapshotFetch(peers.get(), requester, snapshot).run();
    if (!Digests.of(archive).equals(snapshot.digest())) {
      peers.get().blame(requester);
      throw new MalformedArchiveException("what came is not " + snapshot.digest());
    }
    try {
      keep(file(requester, snapshot), archive);
    } catch (IOException e) {
      log.warn("a snapshot cannot be kept for the next task: {}", e.getMessage());
    }
    return archive;
  }

  private synchronized void keep(Path file, byte[] archive) throws IOException {
    Files.createDirectories(directory);
    makeRoom(archive.length);
    Path partial = Files.createTempFile(directory, PARTIAL, "");
    try {
      Files.write(partial, archive);
      Files.setLastModifiedTime(partial, FileTime.from(clock.instant()));
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  /** Deletes what nobody used for long, and what a crash left half written; waits for the disk. */
  public synchronized void forgetUnused() {
    try {
      if (Files.isDirectory(directory)) {
        makeRoom(0);
      }
    } catch (IOException e) {
      log.warn("old snapshots cannot be deleted: {}", e.getMessage());
    }
  }

  /** Deletes what is too old, and of the rest what was used least lately, until there is room. */
  private void makeRoom(long bytes) throws IOException {
    List<Kept> all = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path each : files) {
        all.add(new Kept(each, Files.size(each), Files.getLastModifiedTime(each).toInstant()));
      }
    }
    all.sort(Comparator.comparing(Kept::used));
    long used = bytes + all.stream().mapToLong(Kept::bytes).sum();
    int count = all.size() + 1;
    Instant oldest = clock.instant().minus(UNUSED_MAX);
    for (Kept each : all) {
      boolean isPartial = each.file().getFileName().toString().startsWith(PARTIAL);
      if (isPartial || each.used().isBefore(oldest) || used > BYTES_MAX || count > COUNT_MAX) {
        Files.deleteIfExists(each.file());
        used -= each.bytes();
        count--;
      }
    }
  }
}
