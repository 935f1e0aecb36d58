package dev.waggle.worker.model;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobPeers;
import dev.waggle.mesh.swarm.blob.BlobRequest;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.Blocks;
import dev.waggle.mesh.swarm.blob.Pace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches one file from several sources at once, a thread for each.
 *
 * <p>Every source states the hashes of the blocks first. Where they differ, somebody lies: the
 * statement that most share is tried, and only those who made it send blocks. A block that is not
 * as its sender stated puts that source out; a whole that is not what it should be, all of them.
 * When the whole is right, who stated something else lied.
 */
final class FileFetch {
  /** How long a source may send nothing before its blocks go to others. */
  static final Duration STALL_MAX = Duration.ofSeconds(30);

  /** How long the others have for their statements once there is one. */
  static final Duration GRACE = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(FileFetch.class);
  private static final Duration STEP = Duration.ofMillis(250);
  private static final Duration RETRY_AFTER = Duration.ofMillis(500);

  /** What it works with. */
  record Surroundings(
      BlobPeers peers, Pace pace, ScheduledExecutorService timer, ExecutorService threads) {}

  /** Sources that are of no use any more, with the last of their troubles. */
  static final class SourcesLostException extends IOException {
    private static final long serialVersionUID = 1L;

    SourcesLostException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** Hears how far it has come. */
  interface Progress {
    /**
     * Called now and then.
     *
     * @param bytes how much of the file is there
     * @throws CancellationException to end it
     */
    void at(long bytes);
  }

  private final Surroundings surroundings;
  private final ModelFile file;
  private final PartialFile target;
  private final List<PeerId> sources;
  private final Map<PeerId, Long> served;
  private final Map<PeerId, BlockHashes> stated = new LinkedHashMap<>();
  private final Map<PeerId, Exception> lost = new ConcurrentHashMap<>();
  private final Set<PeerId> liars = ConcurrentHashMap.newKeySet();
  private final Map<PeerId, Blocks> reading = new ConcurrentHashMap<>();
  private final CompletableFuture<BlockHashes> agreed = new CompletableFuture<>();
  private final CompletableFuture<BlockQueue> queue = new CompletableFuture<>();
  private final Asking asking;

  /**
   * @param served counts the bytes that each source brought
   */
  FileFetch(
      Surroundings surroundings,
      ModelFile file,
      PartialFile target,
      List<PeerId> sources,
      Map<PeerId, Long> served) {
    this.surroundings = surroundings;
    this.file = file;
    this.target = target;
    this.sources = List.copyOf(sources);
    this.served = served;
    this.asking = new Asking(surroundings);
  }

  /** Those that did what no honest source does. */
  Set<PeerId> liars() {
    return Set.copyOf(liars);
  }

  /** Those that cannot be used any more, liars included. */
  Set<PeerId> lost() {
    return Set.copyOf(lost.keySet());
  }

  /**
   * Fetches what is missing; the whole is verified and on disk then.
   *
   * @throws SourcesLostException if no source is left that can bring it
   * @throws IOException if the disk fails
   */
  void run(Progress progress) throws IOException, InterruptedException {
    List<Future<?>> threads = new ArrayList<>();
    for (PeerId source : sources) {
      threads.add(surroundings.threads().submit(() -> bring(source)));
    }
    try {
      BlockHashes hashes = agree(progress);
      target.verify(hashes, () -> progress.at(target.bytesThere()));
      BlockQueue blocks =
          new BlockQueue(target.missing(), sources.size(), surroundings.pace(), System::nanoTime);
      agreed.complete(hashes);
      queue.complete(blocks);
      while (!blocks.await(STEP)) {
        progress.at(target.bytesThere());
        if (threads.stream().allMatch(Future::isDone) && !blocks.await(Duration.ZERO)) {
          throw noneLeft();
        }
      }
      progress.at(target.bytesThere());
    } finally {
      stop(threads);
    }
    verify(progress);
  }

  /** Ends the threads without an interrupt, which would close the file under the others. */
  private void stop(List<Future<?>> threads) throws InterruptedException {
    asking.stop();
    queue.thenAccept(BlockQueue::close);
    reading.values().forEach(Blocks::close);
    for (Future<?> thread : threads) {
      try {
        thread.get();
      } catch (ExecutionException e) {
        log.warn("a source was given up", e.getCause());
      }
    }
  }

  private SourcesLostException noneLeft() {
    Exception last = lost.values().stream().findFirst().orElse(null);
    return new SourcesLostException(
        last == null ? "no source is left" : "no source is left: " + last.getMessage(), last);
  }

  /** Waits until it is clear which statement to try. */
  private BlockHashes agree(Progress progress) throws IOException, InterruptedException {
    long first = 0;
    synchronized (stated) {
      while (true) {
        if (first == 0 && !stated.isEmpty()) {
          first = System.nanoTime();
        }
        boolean all = stated.size() + lost.size() >= sources.size();
        if (!stated.isEmpty() && (all || System.nanoTime() - first > GRACE.toNanos())) {
          return mostShared();
        }
        if (all) {
          throw noneLeft();
        }
        progress.at(target.bytesThere());
        TimeUnit.NANOSECONDS.timedWait(stated, STEP.toNanos());
      }
    }
  }

  private BlockHashes mostShared() throws SourcesLostException {
    BlockHashes most = null;
    long shared = 0;
    for (BlockHashes each : stated.values()) {
      long same = stated.values().stream().filter(each::equals).count();
      if (same > shared) {
        most = each;
        shared = same;
      }
    }
    if (most == null) {
      throw noneLeft();
    }
    return most;
  }

  private void verify(Progress progress) throws IOException {
    long size = file.sizeBytes();
    boolean right = target.digest(() -> progress.at(size)).equals(file.digest());
    BlockHashes hashes = agreed.join();
    if (!right) {
      target.verify(hashes, () -> progress.at(size));
      if (!target.missing().isEmpty()) {
        // What came was as stated, so the sources are not to blame.
        throw new IOException("the disk does not keep what was written to " + target.path());
      }
    }
    synchronized (stated) {
      stated.forEach(
          (source, said) -> {
            if (said.equals(hashes) != right) {
              blame(source, "it stated hashes that are not those of " + file.digest());
            }
          });
    }
    if (!right) {
      throw noneLeft();
    }
  }

  private void blame(PeerId source, String what) {
    log.warn("{} is no source any more: {}", source, what);
    lost.put(source, new IOException(what));
    if (liars.add(source)) {
      surroundings.peers().blame(source);
    }
  }

  // ---- one source, on its own thread

  private void bring(PeerId source) {
    try {
      BlockHashes own = asking.hashes(source, file);
      synchronized (stated) {
        stated.put(source, own);
        stated.notifyAll();
      }
      if (asking.await(agreed).equals(own)) {
        blocks(source, own, asking.await(queue));
      }
    } catch (Asking.FalseStatementException e) {
      blame(source, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      log.debug("{} is no source any more: {}", source, e.getMessage());
      lost.putIfAbsent(source, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (CancellationException e) {
      log.debug("it ended while {} was still at it", source);
    }
    synchronized (stated) {
      stated.notifyAll();
    }
  }

  private void blocks(PeerId source, BlockHashes hashes, BlockQueue blocks)
      throws IOException, InterruptedException {
    int tries = 0;
    Optional<BlockQueue.Share> share = blocks.take();
    while (share.isPresent()) {
      Optional<IOException> trouble;
      try {
        trouble = read(source, hashes, blocks, share.get().range());
      } finally {
        blocks.giveBack(share.get());
      }
      if (trouble.isPresent()) {
        tries = Asking.again(tries, trouble.get());
        asking.pause(RETRY_AFTER);
      } else {
        tries = 0;
      }
      share = blocks.take();
    }
  }

  /**
   * Reads some blocks.
   *
   * @return the source's trouble, which another try may get over
   * @throws IOException if it lies, or the disk fails
   */
  private Optional<IOException> read(
      PeerId source, BlockHashes hashes, BlockQueue blocks, BlockRange range)
      throws IOException, InterruptedException {
    asking.pass(surroundings.pace().take(range.bytes(file.sizeBytes()), surroundings.timer()));
    if (!blocks.needs(range)) {
      return Optional.empty();
    }
    try (Blocks coming =
        surroundings
            .peers()
            .read(source, new BlobRequest.Read(file.digest(), range), file.sizeBytes())) {
      reading.put(source, coming);
      asking.checkStopped();
      for (int block = range.from(); block < range.end(); block++) {
        if (!blocks.needs(new BlockRange(block, range.end() - block))) {
          break; // Somebody else was faster.
        }
        byte[] bytes;
        try {
          bytes = coming.next(STALL_MAX);
        } catch (IOException e) {
          return Optional.of(e);
        }
        keep(source, hashes, blocks, block, bytes);
      }
      return Optional.empty();
    } finally {
      reading.remove(source);
    }
  }

  private void keep(PeerId source, BlockHashes hashes, BlockQueue blocks, int block, byte[] bytes)
      throws IOException {
    if (!hashes.matches(block, bytes)) {
      blame(source, "block " + block + " of " + file.digest() + " is not what it stated");
      throw new IOException("it sent something else than it stated");
    }
    target.write(block, bytes);
    if (blocks.done(block)) {
      served.merge(source, (long) bytes.length, Long::sum);
    }
  }
}
