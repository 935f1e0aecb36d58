package dev.waggle.worker.model;

import dev.waggle.crypto.Sha256;
import dev.waggle.mesh.libp2p.RecentMap;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlockRange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hashes of files' blocks, computed when somebody asks and kept until the file changes. A file
 * that is not what its digest says gets none, so that this node never states what is not true.
 * Thread-safe.
 */
final class HashedFiles {
  /** The most files whose hashes are kept. */
  static final int FILES_MAX = 256;

  /** The most hashes that are kept, of 1 TiB of content: 32 MiB. */
  static final int HASHES_MAX = 1 << 20;

  /** A file of that size is hashed while its reader waits. */
  static final long SMALL_BYTES = 4L * BlockRange.BLOCK_BYTES;

  private static final Logger log = LoggerFactory.getLogger(HashedFiles.class);
  private static final Duration RETRY_AFTER = Duration.ofMillis(500);

  private final Executor hashing;
  private final Map<BlobDigest, Entry> entries = new RecentMap<>(FILES_MAX);
  private int kept;

  /** A file as it was when it was hashed. */
  private record Version(Path file, long size, FileTime modified) {}

  private sealed interface State {
    record Hashing() implements State {}

    record Hashed(BlockHashes hashes) implements State {}

    /** Its content is not what its name says, or it cannot be read. */
    record Bad() implements State {}
  }

  private record Entry(Version version, State state) {}

  /**
   * @param hashing hashes large files, one after the other; may refuse
   */
  HashedFiles(Executor hashing) {
    this.hashing = hashing;
  }

  /** Hashes of a file's blocks, or that they are being prepared, or that there are none. */
  BlobReply page(BlobDigest digest, Path file, BlockRange range) {
    State state;
    try {
      state = state(digest, version(file));
    } catch (IOException e) {
      log.debug("{} cannot be read: {}", file, e.getMessage());
      state = new State.Bad();
    }
    if (state instanceof State.Hashed hashed) {
      return hashed.hashes().page(range);
    }
    return state instanceof State.Hashing
        ? new BlobReply.Preparing(RETRY_AFTER)
        : new BlobReply.Refused(BlobReply.Reason.UNKNOWN);
  }

  /**
   * Whether a file is another than when its hashes were given out: what it has now is not what was
   * stated then.
   */
  boolean isChanged(BlobDigest digest, Path file) throws IOException {
    Version now = version(file);
    synchronized (this) {
      Entry entry = entries.get(digest);
      return entry != null && !entry.version().equals(now);
    }
  }

  private static Version version(Path file) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isRegularFile()
        || attributes.size() < 1
        || attributes.size() > BlockRange.BLOB_BYTES_MAX) {
      throw new IOException("it is no file of a possible size");
    }
    return new Version(file, attributes.size(), attributes.lastModifiedTime());
  }

  private State state(BlobDigest digest, Version version) {
    synchronized (this) {
      Entry entry = entries.get(digest);
      if (entry != null && entry.version().equals(version)) {
        return entry.state();
      }
      put(digest, new Entry(version, new State.Hashing()));
    }
    if (version.size() <= SMALL_BYTES) {
      return hash(digest, version);
    }
    try {
      hashing.execute(() -> hash(digest, version));
    } catch (RejectedExecutionException e) {
      synchronized (this) {
        entries.remove(digest); // The next one who asks tries again.
      }
    }
    return new State.Hashing();
  }

  private State hash(BlobDigest digest, Version version) {
    State state = new State.Bad();
    try {
      Optional<BlockHashes> hashes = hash(version, digest);
      if (hashes.isPresent()) {
        state = new State.Hashed(hashes.get());
      } else {
        log.warn("{} is damaged: its content is not {}", version.file(), digest);
      }
    } catch (IOException e) {
      log.warn("{} cannot be read: {}", version.file(), e.getMessage());
      synchronized (this) {
        entries.remove(digest); // Another time it may be.
      }
      return state;
    }
    synchronized (this) {
      put(digest, new Entry(version, state));
    }
    return state;
  }

  private void put(BlobDigest digest, Entry entry) {
    entries.put(digest, entry);
    kept = entries.values().stream().mapToInt(HashedFiles::hashes).sum();
    var oldest = entries.entrySet().iterator();
    while (kept > HASHES_MAX && entries.size() > 1) {
      kept -= hashes(oldest.next().getValue());
      oldest.remove();
    }
  }

  private static int hashes(Entry entry) {
    return entry.state() instanceof State.Hashed hashed ? hashed.hashes().count() : 0;
  }

  /** The hashes of the blocks, unless the whole is something else than it should be. */
  private static Optional<BlockHashes> hash(Version version, BlobDigest digest) throws IOException {
    MessageDigest whole = Sha256.begin();
    MessageDigest each = Sha256.begin();
    byte[] hashes = new byte[BlockRange.blocks(version.size()) * BlobDigest.BYTES];
    int block = 0;
    try (InputStream in = Files.newInputStream(version.file(), LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = in.readNBytes(BlockRange.BLOCK_BYTES);
      while (bytes.length > 0) {
        if (block * BlobDigest.BYTES == hashes.length) {
          return Optional.empty(); // It grows.
        }
        whole.update(bytes);
        byte[] hash = each.digest(bytes);
        System.arraycopy(hash, 0, hashes, block * BlobDigest.BYTES, BlobDigest.BYTES);
        block++;
        bytes = in.readNBytes(BlockRange.BLOCK_BYTES);
      }
    }
    return block * BlobDigest.BYTES == hashes.length
            && BlobDigest.ofBytes(whole.digest()).equals(digest)
        ? Optional.of(new BlockHashes(version.size(), hashes))
        : Optional.empty();
  }
}
