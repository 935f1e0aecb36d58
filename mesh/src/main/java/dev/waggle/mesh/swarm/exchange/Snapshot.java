package dev.waggle.mesh.swarm.exchange;

import dev.waggle.mesh.swarm.blob.BlobDigest;
import java.time.Duration;
import java.util.List;

/**
 * Frozen files that code starts with: an archive that the requester keeps and the worker fetches.
 *
 * @param digest of the archive
 * @param bytes how long the archive is, at most {@link #BYTES_MAX}
 * @param without paths of files of the archive that the code does not have, at most {@link
 *     TaskSpec.Code#FILES_MAX}
 */
public record Snapshot(BlobDigest digest, long bytes, List<String> without) {
  /** The longest archive: both sides hold its files in memory while they work with them. */
  public static final long BYTES_MAX = 32L << 20;

  /** The most files of an archive. */
  public static final int FILES_MAX = 4_096;

  /** How long a worker may take to fetch an archive before it begins with the task. */
  public static final Duration FETCH_MAX = Duration.ofMinutes(2);

  public Snapshot {
    without = List.copyOf(without);
    if (bytes < 1 || bytes > BYTES_MAX) {
      throw new IllegalArgumentException("a snapshot has 1 to " + BYTES_MAX + " bytes");
    }
    if (without.size() > TaskSpec.Code.FILES_MAX) {
      throw new IllegalArgumentException(
          "at most " + TaskSpec.Code.FILES_MAX + " files of a snapshot can be left out");
    }
    without.forEach(CodeFile::check);
  }
}
