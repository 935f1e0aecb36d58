package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.ProtocolRefusedException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.blob.BlobProtocol;
import dev.waggle.mesh.swarm.blob.BlobRefusedException;
import dev.waggle.mesh.swarm.blob.BlobReply;
import dev.waggle.mesh.swarm.blob.BlobRequest;
import dev.waggle.mesh.swarm.blob.BlockRange;
import dev.waggle.mesh.swarm.blob.Blocks;
import dev.waggle.mesh.swarm.blob.ModelManifest;
import dev.waggle.mesh.swarm.blob.Pace;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Content between nodes: what arrives, what is bounded, and what members cannot do. */
class BlobTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final ScriptedBlobs source = new ScriptedBlobs(5 * BlockRange.BLOCK_BYTES + 77);
  private TestNode owner;
  private TestNode friend;

  @BeforeEach
  void open() throws Exception {
    owner = new TestNode("owner");
    friend = new TestNode("friend");
    owner.swarm.share(source, new Pace(0, System::nanoTime));
    owner.admit(friend, "friend");
    await().until(() -> friend.isConnectedWith(owner) && owner.isConnectedWith(friend));
  }

  @AfterEach
  void close() {
    friend.close();
    owner.close();
  }

  private BlobReply ask(BlobRequest request) throws Exception {
    return friend.swarm.blobs().ask(owner.id(), request).get(10, TimeUnit.SECONDS);
  }

  private Blocks read(int from, int count) {
    BlobRequest.Read request = new BlobRequest.Read(source.digest(), new BlockRange(from, count));
    return friend.swarm.blobs().read(owner.id(), request, source.size());
  }

  @Test
  void questions_areAnswered() throws Exception {
    source.manifest = new ModelManifest.Gguf("m", source.digest(), 9);
    assertThat(ask(new BlobRequest.Describe("m", "sha256:x")))
        .isEqualTo(new BlobReply.Model(source.manifest));
    BlobReply preparing = new BlobReply.Preparing(Duration.ofMillis(20));
    source.hashes = preparing;
    assertThat(ask(new BlobRequest.Hashes(source.digest(), new BlockRange(0, 1))))
        .isEqualTo(preparing);
    byte[] page = new byte[BlobRequest.HASHES_MAX * BlobDigest.BYTES];
    source.hashes = new BlobReply.Hashes(BlockRange.BLOB_BYTES_MAX, page);
    BlobReply.Hashes hashes =
        (BlobReply.Hashes) ask(new BlobRequest.Hashes(source.digest(), new BlockRange(0, 1)));
    assertThat(hashes.hashes()).as("the longest page fits").isEqualTo(page);
  }

  @Test
  void blocks_arriveAsTheyAre_theLastOneShorter() throws Exception {
    try (Blocks blocks = read(1, 5)) {
      for (int block = 1; block < 6; block++) {
        assertThat(blocks.next(PATIENCE)).isEqualTo(source.block(block));
      }
    }
    assertThat(source.block(5)).hasSize(77);
    await().until(() -> source.open.get() == 0);
  }

  @Test
  void rangeBeyondTheBlob_andUnknownBlob_areRefused() throws Exception {
    BlobDigest other = new BlobDigest("cd".repeat(32));
    BlobRequest.Read unknown = new BlobRequest.Read(other, new BlockRange(0, 1));
    // What this side believes of the size is not what the other side has.
    BlobRequest.Read beyond = new BlobRequest.Read(source.digest(), new BlockRange(6, 1));
    for (BlobRequest.Read each : List.of(unknown, beyond)) {
      try (Blocks blocks =
          friend.swarm.blobs().read(owner.id(), each, 9L * BlockRange.BLOCK_BYTES)) {
        assertThatThrownBy(() -> blocks.next(PATIENCE))
            .isInstanceOf(BlobRefusedException.class)
            .hasMessageContaining("does not have that");
      }
    }
    assertThat(source.open.get()).isZero();
    assertThat(owner.faults).isEmpty();
  }

  @Test
  void ownerWhoDoesNotShare_andShunnedMember_giveAndGetNothing() throws Exception {
    source.shared = false;
    BlobReply refused = new BlobReply.Refused(BlobReply.Reason.NOT_SHARED);
    assertThat(ask(new BlobRequest.Describe("m", "d"))).isEqualTo(refused);
    source.shared = true;
    for (int i = 0; i < 4; i++) {
      owner.conduct.observe(friend.id(), Fault.MALFORMED);
    }
    assertThat(ask(new BlobRequest.Describe("m", "d"))).isEqualTo(refused);
  }

  @Test
  void memberThatAsksForTooMuchAtOnce_isPutOff_untilItsOthersEnd() throws Exception {
    List<Blocks> open = new ArrayList<>();
    source.stalled = new CompletableFuture<>();
    for (int i = 0; i < 4; i++) {
      open.add(read(0, 1));
    }
    await().until(() -> source.open.get() >= 1);
    await()
        .until(
            () ->
                ask(new BlobRequest.Describe("m", "d"))
                    .equals(new BlobReply.Refused(BlobReply.Reason.BUSY)));
    source.stalled.complete(null);
    for (Blocks each : open) {
      assertThat(each.next(PATIENCE)).isEqualTo(source.block(0));
      each.close();
    }
    await()
        .until(
            () ->
                ask(new BlobRequest.Describe("m", "d"))
                    .equals(new BlobReply.Refused(BlobReply.Reason.UNKNOWN)));
  }

  @Test
  void readerThatGoesAway_endsTheReadAtItsSource() throws Exception {
    Blocks blocks = read(0, 6);
    blocks.next(PATIENCE);
    blocks.close();
    await().until(() -> source.open.get() == 0);
    assertThatThrownBy(
            () -> {
              while (true) {
                blocks.next(PATIENCE);
              }
            })
        .isInstanceOf(IOException.class);
  }

  @Test
  void bytesThatAreNoQuestion_breakTheStream_andCount() throws Exception {
    Connection connection = friend.swarm.connection(owner.id()).orElseThrow();
    for (byte[] hostile : List.of(new byte[] {8, 1}, new byte[5_000])) {
      CompletableFuture<IOException> gone = new CompletableFuture<>();
      connection
          .begin(BlobProtocol.PROTOCOL, new Gone(gone))
          .thenCompose(stream -> stream.write(FrameAssembler.frame(hostile)))
          .get(10, TimeUnit.SECONDS);
      assertThat(gone.get(10, TimeUnit.SECONDS)).hasMessageContaining("broke off");
    }
    assertThat(owner.faults).extracting(Conduct.Observed::fault).contains(Fault.MALFORMED);
  }

  private static final class Gone extends FramedReader {
    private final CompletableFuture<IOException> gone;

    Gone(CompletableFuture<IOException> gone) {
      super(1_024);
      this.gone = gone;
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) {
      gone.complete(new IOException("answered"));
    }

    @Override
    protected void onGone(IOException cause) {
      gone.complete(cause);
    }
  }

  @Test
  void stranger_getsNothing() throws Exception {
    try (Libp2pHost stranger =
        Libp2pHost.create(Identity.generate(new SecureRandom()), List.of())) {
      Connection connection =
          stranger.connect(owner.id(), owner.swarm.listenAddresses()).get(10, TimeUnit.SECONDS);
      assertThatThrownBy(
              () ->
                  connection
                      .open(List.of(BlobProtocol.PROTOCOL), new Gone(new CompletableFuture<>()))
                      .get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(ProtocolRefusedException.class);
    }
  }

  @Test
  void sourceThatIsNotConnected_fails() {
    BlobRequest.Read request = new BlobRequest.Read(source.digest(), new BlockRange(0, 1));
    try (Blocks blocks = owner.swarm.blobs().read(owner.id(), request, source.size())) {
      assertThatThrownBy(() -> blocks.next(PATIENCE)).hasMessageContaining("not connected");
    }
  }
}
