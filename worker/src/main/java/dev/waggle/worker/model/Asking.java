package dev.waggle.worker.model;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobRefusedException;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlobRequest;
import dev.waggle.mesh.swarm.blob.BlockRange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Asks sources for what they state, and waits, no longer than anybody needs the answer. */
final class Asking {
  /** How often a source may break off before it is left alone. */
  static final int TRIES_MAX = 3;

  /** How long a source may take to hash a file, which a slow disk makes long. */
  static final Duration PREPARING_MAX = Duration.ofMinutes(30);

  private static final Duration RETRY_AFTER = Duration.ofMillis(500);
  private static final Duration RETRY_AFTER_MIN = Duration.ofMillis(50);

  private final FileFetch.Surroundings surroundings;
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();

  /** A source states what cannot be. */
  static final class FalseStatementException extends IOException {
    private static final long serialVersionUID = 1L;

    FalseStatementException(String message) {
      super(message);
    }
  }

  /** What was waited for came to nothing. */
  private static final class FailedException extends IOException {
    private static final long serialVersionUID = 1L;

    FailedException(@Nullable Throwable cause) {
      super(cause == null || cause.getMessage() == null ? "too slow" : cause.getMessage(), cause);
    }
  }

  Asking(FileFetch.Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** Ends everything that waits. */
  void stop() {
    stopped.complete(null);
  }

  /** The hashes of all blocks, as the source states them. */
  BlockHashes hashes(PeerId source, ModelFile file) throws IOException, InterruptedException {
    int blocks = BlockRange.blocks(file.sizeBytes());
    ByteArrayOutputStream hashes = new ByteArrayOutputStream();
    while (hashes.size() < blocks * BlobDigest.BYTES) {
      int from = hashes.size() / BlobDigest.BYTES;
      int count = Math.min(BlobRequest.HASHES_MAX, blocks - from);
      BlobReply.Hashes page = page(source, file.digest(), new BlockRange(from, count));
      if (page.sizeBytes() != file.sizeBytes()
          || page.hashes().length != count * BlobDigest.BYTES) {
        throw new FalseStatementException("it stated another size than " + file.digest() + " has");
      }
      hashes.writeBytes(page.hashes());
    }
    return new BlockHashes(file.sizeBytes(), hashes.toByteArray());
  }

  private BlobReply.Hashes page(PeerId source, BlobDigest digest, BlockRange range)
      throws IOException, InterruptedException {
    int tries = 0;
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < PREPARING_MAX.toNanos()) {
      Duration retryAfter = RETRY_AFTER;
      try {
        BlobReply reply =
            await(surroundings.peers().ask(source, new BlobRequest.Hashes(digest, range)));
        if (reply instanceof BlobReply.Hashes hashes) {
          return hashes;
        }
        if (reply instanceof BlobReply.Preparing preparing) {
          retryAfter = preparing.retryAfter();
        } else if (reply instanceof BlobReply.Refused refused) {
          tries = again(tries, new BlobRefusedException(refused.reason()));
        } else {
          throw new FalseStatementException("it answers something else than was asked");
        }
      } catch (FailedException e) {
        tries = again(tries, e);
      }
      pause(retryAfter);
    }
    throw new IOException("it prepared itself for " + PREPARING_MAX.toMinutes() + " minutes");
  }

  /**
   * Counts another try.
   *
   * @throws IOException the trouble, if there were enough or another would be in vain
   */
  static int again(int tries, IOException trouble) throws IOException {
    boolean inVain =
        trouble instanceof BlobRefusedException refused
            && refused.reason() != BlobReply.Reason.BUSY;
    if (inVain || tries + 1 >= TRIES_MAX) {
      throw trouble;
    }
    return tries + 1;
  }

  /** Lets some time pass. */
  void pause(Duration time) throws InterruptedException {
    long millis = Math.max(RETRY_AFTER_MIN.toMillis(), time.toMillis());
    CompletableFuture<Void> over = new CompletableFuture<>();
    surroundings.timer().schedule(() -> over.complete(null), millis, TimeUnit.MILLISECONDS);
    pass(over);
  }

  /** Waits for a moment to come. */
  void pass(CompletableFuture<Void> moment) throws InterruptedException {
    try {
      CompletableFuture.anyOf(stopped, moment).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("only time passes there", e);
    }
    checkStopped();
  }

  /** Ends who is not needed any more. */
  void checkStopped() {
    if (stopped.isDone()) {
      throw new CancellationException("the file needs no source any more");
    }
  }

  /** Waits for an answer. */
  <T> T await(CompletableFuture<T> answer) throws IOException, InterruptedException {
    try {
      CompletableFuture.anyOf(stopped, answer).get();
    } catch (ExecutionException e) {
      throw new FailedException(e.getCause());
    }
    checkStopped();
    return answer.join();
  }
}
