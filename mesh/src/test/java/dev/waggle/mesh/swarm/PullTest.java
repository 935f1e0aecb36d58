package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.membership.Role;
import dev.waggle.mesh.swarm.pb.SignedRequest;
import dev.waggle.mesh.swarm.pull.OrderedPull;
import dev.waggle.mesh.swarm.pull.PullProtocol;
import dev.waggle.mesh.swarm.pull.PullReport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Orders of models between nodes: what is told, who may, and that they end with who gave them. */
@Timeout(60)
class PullTest {
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final ScriptedPulls pulls = new ScriptedPulls();
  private final ExecutorService pulling = Executors.newCachedThreadPool();
  private TestNode owner;
  private TestNode friend;

  @BeforeEach
  void open() throws Exception {
    owner = new TestNode("owner");
    friend = new TestNode("friend");
    owner.swarm.takeOrders(pulls, pulling);
    owner.admit(friend, "friend");
    await().until(() -> friend.isConnectedWith(owner) && owner.isConnectedWith(friend));
  }

  @AfterEach
  void close() {
    pulls.end.countDown();
    friend.close();
    owner.close();
    pulling.shutdownNow();
  }

  private Optional<PullReport> order(TestNode from) throws Exception {
    try (OrderedPull pull = from.swarm.order(owner.id(), "new:1b")) {
      return pull.await(PATIENCE);
    }
  }

  @Test
  void order_tellsHowFarItIs_andItsEnd() throws Exception {
    try (OrderedPull pull = friend.swarm.order(owner.id(), "new:1b")) {
      await().until(() -> pull.progress().equals(new PullReport.Progress(700, 1_000)));
      assertThat(pull.await(Duration.ofMillis(1))).as("still at work").isEmpty();
      pulls.end.countDown();
      assertThat(pull.await(PATIENCE)).contains(new PullReport.Done());
    }
    assertThat(pulls.ordered).containsExactly("new:1b");
    pulls.last = new PullReport.Failed("no such model");
    assertThat(order(friend)).contains(pulls.last);
  }

  @Test
  void orderOfAnotherMeanwhile_isPutOff_untilTheFirstHasEnded() throws Exception {
    try (OrderedPull first = friend.swarm.order(owner.id(), "new:1b")) {
      await().until(() -> pulls.running.get() == 1);
      assertThat(order(friend)).contains(new PullReport.Refused(PullReport.Reason.BUSY));
      pulls.end.countDown();
      assertThat(first.await(PATIENCE)).contains(new PullReport.Done());
    }
    await().until(() -> order(friend).equals(Optional.of(new PullReport.Done())));
  }

  @Test
  void whoOrderedGoesAway_andThePullEnds_alsoWhenItSaysNothing() throws Exception {
    OrderedPull pull = friend.swarm.order(owner.id(), "new:1b");
    await().until(() -> pulls.running.get() == 1);
    pull.close();
    pulls.interrupted.get(10, TimeUnit.SECONDS);
    assertThatThrownBy(() -> pull.await(PATIENCE)).hasMessageContaining("abandoned");
    pulls.end.countDown();
    await("the next may begin")
        .until(() -> order(friend).equals(Optional.of(new PullReport.Done())));
  }

  @Test
  void connectionThatBreaks_endsIt_onBothSides() throws Exception {
    OrderedPull pull = friend.swarm.order(owner.id(), "new:1b");
    await().until(() -> pulls.running.get() == 1);
    friend.swarm.disconnect(owner.id());
    pulls.interrupted.get(10, TimeUnit.SECONDS);
    assertThatThrownBy(() -> pull.await(PATIENCE)).isInstanceOf(IOException.class);
  }

  @Test
  void ownerWhoDoesNotAllowIt_andNodeThatMayNotAsk_getNothing() throws Exception {
    PullReport notAllowed = new PullReport.Refused(PullReport.Reason.NOT_ALLOWED);
    pulls.refusal = Optional.of(PullReport.Reason.NOT_ALLOWED);
    assertThat(order(friend)).contains(notAllowed);
    pulls.refusal = Optional.empty();
    try (TestNode worker = new TestNode("worker")) {
      owner.admit(worker, "worker", Set.of(Role.WORKER));
      await().until(() -> worker.isConnectedWith(owner) && owner.isConnectedWith(worker));
      assertThat(order(worker)).contains(notAllowed);
    }
    for (int i = 0; i < 4; i++) {
      owner.conduct.observe(friend.id(), Fault.MALFORMED);
    }
    assertThat(order(friend)).contains(notAllowed);
    assertThat(pulls.ordered).isEmpty();
  }

  @Test
  void nodeThatIsNotConnected_orTakesNoOrders_fails() {
    PeerId stranger = Identity.generate(new SecureRandom()).peerId();
    try (OrderedPull pull = friend.swarm.order(stranger, "new:1b")) {
      assertThatThrownBy(() -> pull.await(PATIENCE)).hasMessageContaining("not connected");
    }
    try (OrderedPull pull = owner.swarm.order(friend.id(), "new:1b")) {
      assertThatThrownBy(() -> pull.await(PATIENCE)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void bytesThatAreNoOrder_breakTheStream_andCount() throws Exception {
    for (byte[] hostile : List.of(new byte[] {8, 1, 127}, new byte[9_000])) {
      assertThat(sent(FrameAssembler.frame(hostile)).get(10, TimeUnit.SECONDS)).isEmpty();
    }
    assertThat(owner.faults).extracting(Conduct.Observed::fault).contains(Fault.MALFORMED);
    assertThat(pulls.ordered).isEmpty();
  }

  @Test
  void orderThatNobodySigned_isRefused() throws Exception {
    byte[] forged =
        SignedRequest.newBuilder()
            .setBody(ByteString.copyFrom(new byte[] {10, 1, 'm'}))
            .setTimeMs(owner.clock.millis())
            .setNonce(ByteString.copyFrom(new byte[16]))
            .setSignature(ByteString.copyFrom(new byte[64]))
            .build()
            .toByteArray();
    // A refusal for the request itself.
    assertThat(sent(FrameAssembler.frame(forged)).get(10, TimeUnit.SECONDS)).contains("1807");
    assertThat(pulls.ordered).isEmpty();
  }

  /** What is answered to such bytes; empty when the stream ends without an answer. */
  private CompletableFuture<Optional<String>> sent(ByteBuffer bytes) {
    CompletableFuture<Optional<String>> answer = new CompletableFuture<>();
    Connection connection = friend.swarm.connection(owner.id()).orElseThrow();
    CompletableFuture<Void> unused =
        connection
            .begin(
                PullProtocol.PROTOCOL,
                new FramedReader(1_024) {
                  @Override
                  protected void onFrame(Stream stream, byte[] frame) {
                    answer.complete(Optional.of(HexFormat.of().formatHex(frame)));
                  }

                  @Override
                  protected void onGone(IOException cause) {
                    answer.complete(Optional.empty());
                  }
                })
            .thenCompose(stream -> stream.write(bytes));
    return answer;
  }
}
