package dev.waggle.mesh.swarm.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.TravellingTimer;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.libp2p.protocol.relay.RelayClient;
import dev.waggle.mesh.libp2p.protocol.relay.RelayLimits;
import dev.waggle.mesh.libp2p.protocol.relay.RelayService;
import dev.waggle.mesh.swarm.conduct.Conduct;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
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
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobServerTest {
  private static final BlobDigest DIGEST = new BlobDigest("ab".repeat(32));
  private static final int BLOCKS = 3;

  private @TempDir Path directory;

  /** A file, for everybody; over a relay only if it says so. */
  private record OneFile(Path file, boolean overRelays) implements BlobSource {
    @Override
    public Optional<BlobSource> relayedTo(PeerId member) {
      return overRelays ? Optional.of(this) : Optional.empty();
    }

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
    public Optional<SeekableByteChannel> open(BlobDigest digest) throws IOException {
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
      new BlobServer(new OneFile(file, false), conduct, pace, timer, blocking).serve(source);
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

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** What one relayed connection may carry: less than the file. */
  private static final long CIRCUIT_BYTES = BLOCKS * BlockRange.BLOCK_BYTES / 2;

  /** Two hosts that only a relay brings together. */
  private final class Relayed implements AutoCloseable {
    final ExecutorService blocking = Executors.newFixedThreadPool(2);
    final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    final Conduct conduct = new Conduct(Clock.systemUTC(), fault -> {});
    final byte[] content = new byte[BLOCKS * BlockRange.BLOCK_BYTES];
    final Libp2pHost relay;
    final Libp2pHost source;
    final Libp2pHost asking;
    final List<Multiaddr> circuit;

    Relayed(boolean overRelays) throws Exception {
      new Random(4).nextBytes(content);
      Identity identity = Identity.generate(new SecureRandom());
      relay = Libp2pHost.start(identity, List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")));
      RelayLimits limits =
          new RelayLimits(2, 2, 2, Duration.ofHours(1), Duration.ZERO, CIRCUIT_BYTES);
      RelayService.serve(relay, identity, limits, relay::listenAddresses, Clock.systemUTC());
      source = Libp2pHost.create(Identity.generate(new SecureRandom()), List.of());
      asking = Libp2pHost.create(Identity.generate(new SecureRandom()), List.of());
      RelayClient.serve(asking);
      Connection there =
          source.connect(relay.peerId(), relay.listenAddresses()).get(10, TimeUnit.SECONDS);
      circuit = RelayClient.serve(source).reserve(there).get(10, TimeUnit.SECONDS).addresses();
      OneFile file = new OneFile(Files.write(directory.resolve("blob"), content), overRelays);
      new BlobServer(file, conduct, new Pace(0, System::nanoTime), timer, blocking).serve(source);
    }

    Connection connect() throws Exception {
      Connection connection = asking.connect(source.peerId(), circuit).get(10, TimeUnit.SECONDS);
      assertThat(connection.isRelayed()).isTrue();
      return connection;
    }

    BlobRequest.Read from(int block) {
      return new BlobRequest.Read(DIGEST, new BlockRange(block, BLOCKS - block));
    }

    @Override
    public void close() {
      asking.close();
      source.close();
      relay.close();
      blocking.shutdownNow();
      timer.shutdownNow();
    }
  }

  @Test
  void modelOverARelay_isNeitherAskedForNorGiven() throws Exception {
    try (Relayed hosts = new Relayed(false)) {
      Connection connection = hosts.connect();
      try (Blocks refused =
          IncomingBlocks.begin(connection, hosts.from(0), hosts.content.length, cause -> {})) {
        assertThatThrownBy(() -> refused.next(PATIENCE))
            .isInstanceOf(BlobRefusedException.class)
            .hasMessage(BlobReply.Reason.NOT_SHARED.words());
      }
      BlobPeers models = ConnectedBlobs.direct(new Connected(connection), hosts.conduct);
      try (Blocks none = models.read(hosts.source.peerId(), hosts.from(0), hosts.content.length)) {
        assertThatThrownBy(() -> none.next(PATIENCE)).hasMessage("not connected directly");
      }
    }
  }

  @Test
  void snapshotOverARelay_thatCarriesLess_arrivesOverSeveralConnections() throws Exception {
    try (Relayed hosts = new Relayed(true)) {
      ByteArrayOutputStream read = new ByteArrayOutputStream();
      int connections = 0;
      for (int next = 0; next < BLOCKS; connections++) {
        assertThat(connections).isLessThan(BLOCKS);
        Connection connection = hosts.connect();
        BlobPeers snapshots = ConnectedBlobs.relayedToo(new Connected(connection), hosts.conduct);
        try (Blocks blocks =
            snapshots.read(hosts.source.peerId(), hosts.from(next), hosts.content.length)) {
          for (; next < BLOCKS; next++) {
            read.writeBytes(blocks.next(PATIENCE));
          }
        } catch (IOException e) {
          connection.closed().get(10, TimeUnit.SECONDS);
        }
      }
      assertThat(connections).isGreaterThan(1);
      assertThat(read.toByteArray()).isEqualTo(hosts.content);
    }
  }
}
