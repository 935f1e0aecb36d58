package dev.waggle.mesh.swarm.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.pb.BlobAnswer;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A source that answers byte by byte what it likes. */
class HostileSourceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final BlobDigest DIGEST = new BlobDigest("ab".repeat(32));
  private static final int SIZE = 100;

  private final List<Conduct.Observed> faults = new CopyOnWriteArrayList<>();
  private final Conduct conduct = new Conduct(Clock.systemUTC(), faults::add);
  private Libp2pHost source;
  private Libp2pHost asking;
  private BlobPeers blobs;
  private volatile List<MessageLite> answers = List.of();

  @BeforeEach
  void open() throws Exception {
    source =
        Libp2pHost.start(
            Identity.generate(new SecureRandom()),
            List.of(Multiaddr.parse("/ip4/127.0.0.1/tcp/0")));
    source.handle(BlobProtocol.PROTOCOL, stream -> new Answering());
    asking = Libp2pHost.create(Identity.generate(new SecureRandom()), List.of());
    Connection connection =
        asking.connect(source.peerId(), source.listenAddresses()).get(10, TimeUnit.SECONDS);
    blobs = ConnectedBlobs.direct(new Connected(connection), conduct);
  }

  @AfterEach
  void close() {
    asking.close();
    source.close();
  }

  private final class Answering extends FramedReader {
    Answering() {
      super(1 << 20);
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) {
      answers.forEach(each -> FramedReader.send(stream, each));
    }

    @Override
    protected void onGone(IOException cause) {
      // It was found out.
    }
  }

  private static BlobAnswer piece(int bytes) {
    return BlobAnswer.newBuilder().setPiece(ByteString.copyFrom(new byte[bytes])).build();
  }

  private Blocks read() {
    return blobs.read(source.peerId(), new BlobRequest.Read(DIGEST, new BlockRange(0, 1)), SIZE);
  }

  private void awaitFault() {
    await()
        .untilAsserted(
            () ->
                assertThat(faults)
                    .extracting(Conduct.Observed::fault)
                    .containsExactly(Fault.MALFORMED));
    assertThat(faults.get(0).peer()).isEqualTo(source.peerId());
    faults.clear();
  }

  @Test
  void answersToARead_thatAreNone_endIt_andCount() throws Exception {
    for (List<MessageLite> hostile :
        List.<List<MessageLite>>of(
            List.of(piece(SIZE + 1)), // more than the block
            List.of(piece(60), piece(60)), // more than the block in two
            List.of(piece(BlobReply.Piece.BYTES_MAX + 1)), // more than a piece
            List.of(piece(BlobProtocol.PIECE_FRAME_BYTES_MAX + 1)), // more than a frame
            List.of(piece(0)), // nothing
            List.of(BlobAnswer.newBuilder().setPreparingMs(5).build()), // another answer
            List.of(BlobAnswer.getDefaultInstance()))) { // none
      answers = hostile;
      try (Blocks blocks = read()) {
        assertThatThrownBy(() -> blocks.next(PATIENCE)).isInstanceOf(IOException.class);
      }
      awaitFault();
    }
  }

  @Test
  void moreThanWasAskedFor_isNotKept_andCounts() throws Exception {
    answers = List.of(piece(60), piece(40), piece(1));
    try (Blocks blocks = read()) {
      assertThat(blocks.next(PATIENCE)).hasSize(SIZE);
      awaitFault();
    }
  }

  @Test
  void sourceThatGoesSilent_isGivenUp_butThatIsNoFault() throws Exception {
    answers = List.of(piece(60));
    try (Blocks blocks = read()) {
      assertThatThrownBy(() -> blocks.next(Duration.ofMillis(50)))
          .hasMessageContaining("nothing came");
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void answersToAQuestion_thatAreNone_failIt_andCount() {
    for (MessageLite hostile :
        List.of(BlobAnswer.getDefaultInstance(), piece(BlobProtocol.ANSWER_BYTES_MAX + 1))) {
      answers = List.of(hostile);
      assertThatThrownBy(
              () ->
                  blobs
                      .ask(source.peerId(), new BlobRequest.Describe("m", "d"))
                      .get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(IOException.class);
      awaitFault();
    }
  }
}
