package dev.waggle.worker;

import dev.waggle.crypto.DiskSeal;
import dev.waggle.crypto.OwnerOnlyFile;
import dev.waggle.ledger.Receipt;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.ClaimId;
import dev.waggle.mesh.swarm.pb.KeptRecord;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kept results on the disk, a file each in a directory of their own, so that they survive this
 * node. Thread-safe; methods wait for the disk.
 *
 * <p>A file is named after the claim that the result was made under, and sealed with the key of the
 * node's secrets, because what it says is another member's: whoever has the disk or a backup
 * without that key, which a passphrase can lock, cannot read it. Who has the key can, for as long
 * as the file exists; that is less than what the claim's own key gave the task on its way, and the
 * price of having the result after a crash. The same seal tells whether a file is whole, so nothing
 * is forced to the disk: after a loss of power, not of the process, a result may have to be made
 * again.
 */
public final class KeptFiles {
  /** The longest file: chunks of a few bytes each take as much again to be told apart. */
  static final int FILE_BYTES_MAX = (int) (2 * KeptResults.BYTES_OF_ONE_MAX);

  // What sealing adds, with room.
  private static final int SEAL_BYTES_MAX = 64;

  private static final Logger log = LoggerFactory.getLogger(KeptFiles.class);
  private static final String PURPOSE = "kept/";

  private final Path directory;
  private final DiskSeal seal;

  /**
   * @param bytes how long its file is
   */
  record Found(ClaimId claim, KeptCodec.Named result, long bytes) {}

  private record Listed(Path file, BasicFileAttributes about) {
    long bytes() {
      return about.size();
    }
  }

  /** Uses a directory that is made when it is first needed; what else is in it is deleted. */
  public KeptFiles(Path directory, DiskSeal seal) {
    this.directory = directory;
    this.seal = seal;
  }

  /**
   * Has a result on the disk.
   *
   * @param claim which no other result was made under
   * @param half the worker's half of the receipt
   * @return how long the file is; 0 if there is none, because it is too long or the disk fails
   */
  long write(ClaimId claim, KeptCodec.Named result, Receipt half) {
    KeptRecord record = KeptCodec.encode(result, half);
    if (record.getSerializedSize() > FILE_BYTES_MAX - SEAL_BYTES_MAX) {
      log.info("a result is too long for the disk and kept in memory only");
      return 0;
    }
    byte[] sealed = seal.seal(record.toByteArray(), PURPOSE + claim);
    try {
      if (!Files.isDirectory(directory)) {
        create();
      }
      OwnerOnlyFile.create(file(claim), sealed);
      return sealed.length;
    } catch (IOException e) {
      log.warn(
          "a result is kept in memory only, {} cannot be written: {}", directory, e.toString());
      return 0;
    }
  }

  private void create() throws IOException {
    Files.createDirectories(directory);
    if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    }
  }

  private Path file(ClaimId claim) {
    return directory.resolve(claim.value());
  }

  /** Deletes the file of a result, if there is one. */
  void delete(ClaimId claim) {
    delete(file(claim));
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      log.warn("{} cannot be deleted (delete it): {}", file, e.toString());
    }
  }

  /**
   * Reads what is there, and deletes what cannot be used: what is too old or, the oldest first, too
   * much, and what is damaged or no result of this node, which the log names.
   *
   * @param oldest when a result ended that is just young enough
   * @return the oldest first, within the bounds of {@link KeptResults}
   */
  List<Found> load(Instant oldest) {
    List<Found> found = new ArrayList<>();
    long bytes = 0;
    for (Listed each : newestFirst()) {
      try {
        ClaimId claim = claim(each);
        boolean room =
            found.size() < KeptResults.RESULTS_MAX && bytes + each.bytes() <= KeptResults.BYTES_MAX;
        Optional<Found> next =
            room ? Optional.of(read(claim, each)).filter(isSince(oldest)) : Optional.empty();
        if (next.isPresent()) {
          found.add(0, next.get());
          bytes += each.bytes();
        } else {
          delete(each.file());
        }
      } catch (IOException e) {
        log.warn("{} is deleted, it is no kept result: {}", each.file(), e.getMessage());
        delete(each.file());
      }
    }
    return found;
  }

  private List<Listed> newestFirst() {
    List<Listed> all = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path each : files) {
        BasicFileAttributes about =
            Files.readAttributes(each, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        all.add(new Listed(each, about));
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      log.warn("kept results cannot be read from {}: {}", directory, e.toString());
    }
    all.sort(
        Comparator.<Listed, FileTime>comparing(each -> each.about().lastModifiedTime()).reversed());
    return all;
  }

  private static Predicate<Found> isSince(Instant oldest) {
    return each -> !each.result().kept().ending().ended().isBefore(oldest);
  }

  private static ClaimId claim(Listed listed) throws MalformedFrameException {
    if (!listed.about().isRegularFile() || listed.bytes() > FILE_BYTES_MAX) {
      throw new MalformedFrameException("it is no file, or too long");
    }
    try {
      return new ClaimId(listed.file().getFileName().toString());
    } catch (IllegalArgumentException e) {
      throw new MalformedFrameException("it has no such name");
    }
  }

  private Found read(ClaimId claim, Listed listed) throws IOException {
    byte[] opened =
        seal.open(Files.readAllBytes(listed.file()), PURPOSE + claim)
            .orElseThrow(
                () -> new MalformedFrameException("it is damaged, or sealed with another key"));
    return new Found(claim, KeptCodec.decode(opened), listed.bytes());
  }
}
