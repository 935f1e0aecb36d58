package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.ClaimKey;
import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.Identity;
import dev.waggle.crypto.RequestHeader;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Inquiry;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.exchange.Offer;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.exchange.Requirements;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.mesh.swarm.membership.CertificateChain;
import dev.waggle.mesh.swarm.pb.Accept;
import dev.waggle.mesh.swarm.pb.Hello;
import dev.waggle.mesh.swarm.pb.HelloReply;
import dev.waggle.mesh.swarm.pb.OfferMessage;
import dev.waggle.mesh.swarm.pb.TaskMessage;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A member with a good certificate that speaks for itself, byte by byte. */
class HostileMemberTest {
  private static final int HELLO_BYTES_MAX = 1 << 20;

  private TestNode owner;
  private Identity identity;
  private CertificateChain chain;
  private Libp2pHost hostile;

  @BeforeEach
  void open() throws Exception {
    owner = new TestNode("owner");
    try (TestNode friend = new TestNode("friend")) {
      owner.admit(friend, "friend");
      identity = friend.identity;
      chain = friend.swarm.membership().own();
    }
    await().until(() -> owner.swarm.connection(identity.peerId()).isEmpty());
    hostile = Libp2pHost.create(identity, List.of());
  }

  @AfterEach
  void close() {
    hostile.close();
    owner.close();
  }

  private HelloReply greet(Connection connection, int version) throws Exception {
    return Inquiry.ask(
            connection,
            "/waggle/hello/1",
            Hello.newBuilder()
                .setVersion(version)
                .setSwarm(ByteString.copyFrom(chain.swarm().bytes()))
                .setChain(chain.toProtobuf())
                .setBootId(ByteString.copyFrom(new byte[RequestHeader.BOOT_ID_BYTES]))
                .setSoftware("hostile")
                .setTimeMs(Instant.now().toEpochMilli())
                .build(),
            HELLO_BYTES_MAX,
            frame -> {
              try {
                return HelloReply.parseFrom(frame);
              } catch (InvalidProtocolBufferException e) {
                throw new MalformedFrameException("no reply");
              }
            },
            Duration.ofSeconds(10))
        .get(15, TimeUnit.SECONDS);
  }

  private Connection connect() throws Exception {
    return hostile.connect(owner.id(), owner.swarm.listenAddresses()).get(10, TimeUnit.SECONDS);
  }

  @Test
  void helloOfThisVersion_isAnswered() throws Exception {
    assertThat(greet(connect(), 1).getRefusal()).isZero();
    assertThat(owner.swarm.connection(identity.peerId())).isPresent();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, -1})
  void helloOfAnotherVersion_isRefused_andNothingElseIsServed(int version) throws Exception {
    Connection connection = connect();
    HelloReply reply = greet(connection, version);
    assertThat(reply.getRefusal()).isNotZero();
    assertThat(reply.hasHello()).isFalse();
    assertThat(owner.swarm.connection(identity.peerId())).isEmpty();
    connection.closed().get(10, TimeUnit.SECONDS);
  }

  @Test
  void claimOfAnotherWorker_isNotTaken() throws Exception {
    Identity other = Identity.generate(new SecureRandom());
    CompletableFuture<String> offered = new CompletableFuture<>();
    hostile.handle(
        "/waggle/task/1",
        stream ->
            new FramedReader(HELLO_BYTES_MAX) {
              @Override
              protected void onFrame(Stream from, byte[] frame) throws MalformedFrameException {
                FramedReader.send(from, acceptAs(other, offered, frame));
              }

              @Override
              protected void onGone(IOException cause) {
                // It was found out.
              }
            });
    greet(connect(), 1);
    await().until(() -> owner.swarm.connection(identity.peerId()).isPresent());
    Offer offer =
        new Offer(
            TaskId.at(Instant.now()),
            new Requirements(TestNode.MODEL),
            1_024,
            Duration.ofSeconds(60),
            Priority.NORMAL);
    assertThatThrownBy(
            () -> owner.swarm.exchange().offer(identity.peerId(), offer).get(10, TimeUnit.SECONDS))
        .hasMessageContaining("not signed by its worker");
    assertThat(offered).isCompletedWithValue(offer.task().value());
    assertThat(owner.faults)
        .extracting(Conduct.Observed::fault)
        .containsExactly(Fault.FALSE_ANSWER);
    assertThat(owner.faults.get(0).peer()).isEqualTo(identity.peerId());
  }

  /** What the other worker would have answered, in every part. */
  private TaskMessage acceptAs(Identity worker, CompletableFuture<String> offered, byte[] frame)
      throws MalformedFrameException {
    String task;
    try {
      task = OfferMessage.parseFrom(TaskMessage.parseFrom(frame).getOffer().getBody()).getTask();
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("no offer");
    }
    offered.complete(task);
    Instant expiry = Instant.ofEpochMilli(Instant.now().plusSeconds(60).toEpochMilli());
    String claim = "0".repeat(32);
    try (ClaimKey key = ClaimKey.generate(new SecureRandom())) {
      ClaimPromise statement =
          ClaimPromise.sign(
              worker,
              chain.swarm().bytes(),
              task,
              claim,
              owner.id(),
              expiry,
              key.publicKey(),
              TestNode.MODEL,
              "sha256:00");
      return TaskMessage.newBuilder()
          .setAccept(
              Accept.newBuilder()
                  .setClaim(claim)
                  .setLeaseMs(30_000)
                  .setKey(ByteString.copyFrom(statement.publicKey()))
                  .setKeyExpiryMs(expiry.toEpochMilli())
                  .setSignature(ByteString.copyFrom(statement.signature())))
          .build();
    }
  }
}
