package dev.waggle.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.Pace;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import dev.waggle.worker.engine.Digests;
import dev.waggle.worker.fake.FakeModelStore;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One file from one source; time passes where the fetch waits for it. */
@Timeout(30)
class FileFetchTest {
  private static final int BLOCKS = 4;
  private static final byte[] CONTENT = FakeModelStore.weights(BLOCKS * BlockRange.BLOCK_BYTES, 7);

  private @TempDir Path directory;
  private final AtomicLong nanos = new AtomicLong();
  private final Travelling timer = new Travelling(nanos);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final DirectPeers peers = new DirectPeers();
  private final Map<PeerId, Long> served = new ConcurrentHashMap<>();
  private DirectPeers.Member source;
  private PartialFile target;

  /** Does at once what is for later, and puts the clock forward by what it leaves out. */
  private static final class Travelling extends ScheduledThreadPoolExecutor {
    private final AtomicLong nanos;

    Travelling(AtomicLong nanos) {
      super(1);
      this.nanos = nanos;
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable step, long delay, TimeUnit unit) {
      nanos.addAndGet(unit.toNanos(delay));
      return super.schedule(step, 0, unit);
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> step, long delay, TimeUnit unit) {
      nanos.addAndGet(unit.toNanos(delay));
      return super.schedule(step, 0, unit);
    }
  }

  @BeforeEach
  void open() throws Exception {
    Files.write(directory.resolve("tiny.gguf"), CONTENT);
    List<ModelOffer> offers =
        List.of(new ModelOffer("tiny", digest().toString(), "llama.cpp", 1, 0, false));
    SharedModels models =
        new SharedModels(
            () -> offers,
            List.of(),
            Optional.of(new GgufFolder(directory)),
            member -> true,
            new HashedFiles(Runnable::run));
    source = peers.add(models, offers);
    target = PartialFile.open(directory.resolve("unfinished"), digest(), CONTENT.length);
  }

  @AfterEach
  void close() throws Exception {
    target.close();
    threads.shutdownNow();
    timer.shutdownNow();
  }

  private static dev.waggle.mesh.swarm.blob.BlobDigest digest() {
    return Digests.of(CONTENT);
  }

  private FileFetch fetch(long bytesPerSecond) {
    return new FileFetch(
        new FileFetch.Surroundings(peers, new Pace(bytesPerSecond, nanos::get), timer, threads),
        new ModelFile(digest(), CONTENT.length, ""),
        target,
        List.of(source.id),
        served);
  }

  @Test
  void limitOfSpeed_isKept() throws Exception {
    fetch(BlockRange.BLOCK_BYTES).run(bytes -> {});
    // The first block goes at once, each other a second after the one before it.
    assertThat(Duration.ofNanos(nanos.get())).isEqualTo(Duration.ofSeconds(BLOCKS - 1));
    assertThat(served).containsExactly(Map.entry(source.id, (long) CONTENT.length));
    assertThat(target.path()).hasBinaryContent(CONTENT);
  }

  @Test
  void noLimit_waitsForNothing() throws Exception {
    fetch(0).run(bytes -> {});
    assertThat(nanos).hasValue(0);
  }

  @Test
  void sourceThatIsBusy_isAskedAgain_andGivenUpInTheEnd() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    BlobReply busy = new BlobReply.Refused(BlobReply.Reason.BUSY);
    source.answering = reply -> asked.incrementAndGet() < Asking.TRIES_MAX ? busy : reply;
    fetch(0).run(bytes -> {});
    assertThat(target.missing().isEmpty()).isTrue();
    source.answering = reply -> busy;
    FileFetch again = fetch(0);
    assertThatThrownBy(() -> again.run(bytes -> {}))
        .isInstanceOf(FileFetch.SourcesLostException.class)
        .hasMessageContaining("as much as it can");
    assertThat(again.lost()).containsExactly(source.id);
    assertThat(again.liars()).isEmpty();
  }

  @Test
  void diskThatLosesABlock_isNotTheSourcesFault() throws Exception {
    source.sending =
        (block, bytes) -> {
          if (block == BLOCKS - 1) {
            try (FileChannel channel = FileChannel.open(target.path(), StandardOpenOption.WRITE)) {
              channel.write(ByteBuffer.wrap(new byte[99]), 0);
            }
          }
          return bytes;
        };
    assertThatThrownBy(() -> fetch(0).run(bytes -> {}))
        .isNotInstanceOf(FileFetch.SourcesLostException.class)
        .hasMessageContaining("does not keep what was written");
    assertThat(peers.blamed).isEmpty();
    source.sending = (block, bytes) -> bytes;
    fetch(0).run(bytes -> {});
    assertThat(target.path()).hasBinaryContent(CONTENT);
  }

  @Test
  void sourceThatPreparesForEver_isGivenUpByWhoeverWaits() {
    source.answering = reply -> new BlobReply.Preparing(Duration.ZERO);
    AtomicInteger told = new AtomicInteger();
    FileFetch fetch = fetch(0);
    assertThatThrownBy(
            () ->
                fetch.run(
                    bytes -> {
                      if (told.incrementAndGet() > 2) {
                        throw new java.util.concurrent.CancellationException("gone");
                      }
                    }))
        .hasMessage("gone");
    assertThat(fetch.lost()).isEmpty();
  }
}
