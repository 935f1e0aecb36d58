package dev.waggle.mesh.swarm.blob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.TravellingTimer;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.conduct.Conduct;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobServerTest {
  private static final BlobDigest DIGEST = new BlobDigest("ab".repeat(32));
  private static final int BLOCKS = 3;

  private @TempDir Path directory;

  /** A file, for everybody. */
  private record OneFile(Path file) implements BlobSource {
    @Override
    public boolean isOpenTo(PeerId member) {
      return true;
    }

    @Override
    public Optional<ModelManifest> describe(String model, String digest) {
      return Optional.empty();
    }

    @Override
    public BlobReply hashes(BlobDigest digest, BlockRange range) {
      return new BlobReply.Refused(BlobReply.Reason.UNKNOWN);
    }

    @Override
    public Optional<SeekableByteChannel> open(BlobDigest digest) throws java.io.IOException {
      return Optional.of(FileChannel.open(file));
    }
  }

  @Test
  void limitOfSpeed_holdsForAllReadsTogether() throws Exception {
    byte[] content = new byte[BLOCKS * BlockRange.BLOCK_BYTES];
    new Random(3).nextBytes(content);
    Path file = Files.write(directory.resolve("blob"), content);
    ExecutorService blocking = Executors.newFixedThreadPool(2);
    TravellingTimer timer = new TravellingTimer();
    Conduct conduct = new Conduct(Clock.systemUTC(), fault -> {});
    try (Libp2pHost source =
            Libp2pHost.start(
                Identity.generate(new SecureRandom()),
                List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")));
        Libp2pHost asking = Libp2pHost.create(Identity.generate(new SecureRandom()), List.of())) {
      Pace pace = new Pace(BlockRange.BLOCK_BYTES, timer::nanos);
      new BlobServer(new OneFile(file), conduct, pace, timer, blocking).serve(source);
      Connection connection =
          asking.connect(source.peerId(), source.listenAddresses()).get(10, TimeUnit.SECONDS);
      BlobRequest.Read all = new BlobRequest.Read(DIGEST, new BlockRange(0, BLOCKS));
      try (Blocks one = IncomingBlocks.begin(connection, all, content.length, cause -> {});
          Blocks other = IncomingBlocks.begin(connection, all, content.length, cause -> {})) {
        for (int block = 0; block < BLOCKS; block++) {
          for (Blocks each : List.of(one, other)) {
            int from = block * BlockRange.BLOCK_BYTES;
            assertThat(each.next(Duration.ofSeconds(10)))
                .isEqualTo(
                    java.util.Arrays.copyOfRange(content, from, from + BlockRange.BLOCK_BYTES));
          }
        }
      }
      // Twice the file at a block a second; the first piece goes at once.
      long bytes = 2L * content.length - BlobReply.Piece.BYTES_MAX;
      assertThat(timer.nanos())
          .isGreaterThanOrEqualTo(Duration.ofSeconds(1).toNanos() / BlockRange.BLOCK_BYTES * bytes);
    } finally {
      blocking.shutdownNow();
      timer.shutdownNow();
    }
  }
}
