package dev.waggle.worker.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.blob.BlobPeers;
import dev.waggle.mesh.swarm.blob.BlobRefusedException;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlobRequest;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.Blocks;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.snapshot.FileArchive;
import dev.waggle.mesh.swarm.snapshot.MalformedArchiveException;
import dev.waggle.worker.engine.Digests;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotCacheTest {
  private final PeerId self = Identity.generate(new SecureRandom()).peerId();
  private final PeerId asking = Identity.generate(new SecureRandom()).peerId();
  private final PeerId other = Identity.generate(new SecureRandom()).peerId();
  private final Map<PeerId, byte[]> given = new HashMap<>();
  private final List<PeerId> asked = new ArrayList<>();
  private final List<Integer> from = new ArrayList<>();

  /** At which blocks connections break, once. */
  private final Set<Integer> breaking = new HashSet<>();

  private final List<PeerId> blamed = new ArrayList<>();
  private @TempDir Path directory;

  /** Members that send what the test says. */
  private final class Members implements BlobPeers {
    @Override
    public CompletableFuture<BlobReply> ask(PeerId member, BlobRequest request) {
      throw new AssertionError("nothing else is asked");
    }

    @Override
    public Blocks read(PeerId member, BlobRequest.Read request, long sizeBytes) {
      asked.add(member);
      from.add(request.range().from());
      int[] next = {request.range().from()};
      return new Blocks() {
        @Override
        public byte[] next(Duration patience) throws IOException {
          byte[] content = given.get(member);
          if (content == null) {
            throw new BlobRefusedException(BlobReply.Reason.UNKNOWN);
          }
          if (breaking.remove(next[0])) {
            throw new IOException("the relay went away");
          }
          int begin = (int) BlockRange.offset(next[0]);
          int length = BlockRange.length(next[0], sizeBytes);
          next[0]++;
          return Arrays.copyOfRange(content, begin, begin + length);
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void blame(PeerId member) {
      blamed.add(member);
    }
  }

  private SnapshotCache cache(Instant now) {
    return new SnapshotCache(
        directory.resolve("cache"),
        self,
        digest -> Optional.of(directory.resolve(digest.hex())),
        Members::new,
        Clock.fixed(now, ZoneOffset.UTC));
  }

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private static byte[] archive(CodeFile... files) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    FileArchive.write(out, List.of(files));
    return out.toByteArray();
  }

  private static Snapshot snapshot(byte[] archive) {
    return new Snapshot(Digests.of(archive), archive.length, List.of());
  }

  private List<Path> kept() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("cache"))) {
      return files.toList();
    }
  }

  @Test
  void snapshot_isFetchedOnce_andKeptForWhoGaveIt() throws Exception {
    CodeFile file = new CodeFile("a", Bytes.of(new byte[3 << 20]));
    byte[] archive = archive(file);
    given.put(asking, archive);
    SnapshotCache cache = cache(NOW);
    assertThat(cache.files(asking, snapshot(archive))).containsExactly(file);
    given.clear();
    assertThat(cache.files(asking, snapshot(archive))).containsExactly(file);
    assertThat(asked).containsExactly(asking);
    assertThatThrownBy(() -> cache.files(other, snapshot(archive)))
        .as("who only knows the digest")
        .isInstanceOf(BlobRefusedException.class);

    Files.write(kept().get(0), new byte[archive.length]);
    given.put(asking, archive);
    assertThat(cache.files(asking, snapshot(archive))).as("damaged here").containsExactly(file);
    assertThat(asked).containsExactly(asking, other, asking);
  }

  @Test
  void fetch_thatBreaksOff_goesOnWithTheBlockThatIsMissing() throws Exception {
    byte[] bytes = new byte[19 << 20];
    new Random(7).nextBytes(bytes);
    CodeFile file = new CodeFile("a", Bytes.of(bytes));
    byte[] archive = archive(file);
    given.put(asking, archive);
    breaking.addAll(List.of(0, 2, 17));
    assertThat(cache(NOW).files(asking, snapshot(archive))).containsExactly(file);
    assertThat(from).containsExactly(0, 0, 2, 17);
  }

  @Test
  void content_thatIsNotTheDigests_isBlamed_andNoArchiveIsRefused() throws Exception {
    byte[] archive = archive(new CodeFile("a", Bytes.of("right")));
    given.put(asking, archive(new CodeFile("a", Bytes.of("wrong"))));
    assertThatThrownBy(() -> cache(NOW).files(asking, snapshot(archive)))
        .isInstanceOf(MalformedArchiveException.class)
        .hasMessageContaining("is not sha256:");
    assertThat(blamed).containsExactly(asking);
    byte[] link = archive.clone();
    link[156] = '2';
    given.put(asking, link);
    assertThatThrownBy(() -> cache(NOW).files(asking, snapshot(link)))
        .isInstanceOf(MalformedArchiveException.class);
  }

  @Test
  void ownSnapshot_needsNobody() throws Exception {
    CodeFile file = new CodeFile("a", Bytes.of("own"));
    byte[] archive = archive(file);
    Files.write(directory.resolve(snapshot(archive).digest().hex()), archive);
    assertThat(cache(NOW).files(self, snapshot(archive))).containsExactly(file);
    assertThat(asked).isEmpty();
  }

  @Test
  void whatNobodyUses_goes() throws Exception {
    byte[] first = archive(new CodeFile("a", Bytes.of("1")));
    byte[] second = archive(new CodeFile("a", Bytes.of("2")));
    byte[] third = archive(new CodeFile("a", Bytes.of("3")));
    for (byte[] each : List.of(first, second)) {
      given.put(asking, each);
      cache(NOW).files(asking, snapshot(each));
    }
    Files.writeString(directory.resolve("cache/partial-1"), "left by a crash");
    Instant later = NOW.plus(SnapshotCache.UNUSED_MAX);
    cache(later).files(asking, snapshot(second));
    given.put(asking, third);
    cache(later.plusSeconds(1)).files(asking, snapshot(third));
    assertThat(kept().stream().map(each -> each.getFileName().toString()))
        .containsExactlyInAnyOrder(
            asking + "-" + snapshot(second).digest().hex(),
            asking + "-" + snapshot(third).digest().hex());
    cache(later.plus(SnapshotCache.UNUSED_MAX).plusSeconds(2)).forgetUnused();
    assertThat(kept()).isEmpty();
  }
}
