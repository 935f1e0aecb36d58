package dev.waggle.node.job;

import dev.waggle.coordinator.job.ArtifactStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * A file that another member sends piece by piece, and that is kept if it is what its hash says.
 */
public final class IncomingFile {
  private final ArtifactStore store;
  private final String sha256;
  private final long bytesMax;
  private final Pieces pieces;
  private final Executor blocking;
  private final ArtifactStore.Incoming file;

  /** Where it comes from. */
  @FunctionalInterface
  public interface Pieces {
    /** The bytes from an offset on, some of them; none after the end. */
    CompletableFuture<byte[]> from(long offset);
  }

  /** What came is not the file that was asked for. */
  public static final class FalseFileException extends IOException {
    private static final long serialVersionUID = 1;

    private FalseFileException(String message) {
      super(message);
    }
  }

  private IncomingFile(
      ArtifactStore store, String sha256, long bytesMax, Pieces pieces, Executor blocking)
      throws IOException {
    this.store = store;
    this.sha256 = sha256;
    this.bytesMax = bytesMax;
    this.pieces = pieces;
    this.blocking = blocking;
    this.file = store.begin();
  }

  /**
   * Fetches a file, unless it is here.
   *
   * @param sha256 of its content, in hex
   * @param bytesMax how long it may be
   * @param blocking runs what waits for the disk; may refuse
   * @return where it is kept; fails with a {@link FalseFileException}, or as a piece or the disk
   *     does
   */
  public static CompletableFuture<Path> fetch(
      ArtifactStore store, String sha256, long bytesMax, Pieces pieces, Executor blocking) {
    return CompletableFuture.supplyAsync(
            () -> {
              Optional<Path> here = store.find(sha256);
              if (here.isPresent()) {
                return CompletableFuture.completedFuture(here.get());
              }
              try {
                IncomingFile incoming = new IncomingFile(store, sha256, bytesMax, pieces, blocking);
                return incoming.next().whenComplete((path, failure) -> incoming.close());
              } catch (IOException e) {
                throw new CompletionException(e);
              }
            },
            blocking)
        .thenCompose(path -> path);
  }

  private CompletableFuture<Path> next() {
    return pieces.from(file.bytes()).thenComposeAsync(this::onPiece, blocking);
  }

  private CompletableFuture<Path> onPiece(byte[] piece) {
    try {
      if (piece.length > 0) {
        file.write(piece);
        if (file.bytes() > bytesMax) {
          throw new FalseFileException("it is longer than " + bytesMax + " bytes");
        }
        return next();
      }
      if (!file.keep().equals(sha256)) {
        throw new FalseFileException("it is not what its hash says");
      }
      return CompletableFuture.completedFuture(
          store.find(sha256).orElseThrow(() -> new IOException("file " + sha256 + " vanished")));
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }
}
