package dev.waggle.mesh.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.waggle.mesh.libp2p.FrameAssembler;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.job.JobProtocol;
import dev.waggle.mesh.swarm.job.JobReply;
import dev.waggle.mesh.swarm.job.JobRequest;
import dev.waggle.mesh.swarm.membership.Role;
import dev.waggle.mesh.swarm.pb.SignedRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests about jobs between nodes: whole bodies both ways, who may, and what is no request. */
@Timeout(60)
class JobsTest {
  private final ScriptedJobs jobs = new ScriptedJobs();
  private TestNode owner;
  private TestNode friend;

  @BeforeEach
  void open() throws Exception {
    owner = new TestNode("owner");
    friend = new TestNode("friend");
    owner.swarm.lookAfterJobs(jobs);
    owner.admit(friend, "friend");
    await().until(() -> friend.isConnectedWith(owner) && owner.isConnectedWith(friend));
  }

  @AfterEach
  void close() {
    friend.close();
    owner.close();
  }

  private static JobReply ask(TestNode from, TestNode to, byte[] body) throws Exception {
    return from.swarm
        .askAboutJobs(to.id(), new JobRequest.Submit(), body)
        .get(20, TimeUnit.SECONDS);
  }

  @Test
  void bodyAndAnswer_comeWhole_inManyPieces() throws Exception {
    for (int length : List.of(0, 1, JobProtocol.PIECE_BYTES_MAX, 3_000_001)) {
      byte[] body = new byte[length];
      new Random(length).nextBytes(body);
      assertThat(ask(friend, owner, body))
          .isInstanceOfSatisfying(
              JobReply.Answered.class, reply -> assertThat(reply.bytes()).isEqualTo(body));
    }
  }

  @Test
  void whoIsRefused_sendsNoBody_andWhoMayNotAskGetsNothing() throws Exception {
    JobReply.Refused refusal = new JobReply.Refused(JobReply.Reason.NOT_ALLOWED, "not you");
    jobs.refusal = Optional.of(refusal);
    assertThat(ask(friend, owner, new byte[1 << 20])).isEqualTo(refusal);
    jobs.refusal = Optional.empty();
    try (TestNode worker = new TestNode("worker")) {
      owner.admit(worker, "worker", Set.of(Role.WORKER));
      await().until(() -> worker.isConnectedWith(owner) && owner.isConnectedWith(worker));
      assertThat(ask(worker, owner, new byte[1])).isInstanceOf(JobReply.Refused.class);
    }
    for (int i = 0; i < 4; i++) {
      owner.conduct.observe(friend.id(), Fault.MALFORMED);
    }
    assertThat(ask(friend, owner, new byte[1])).isInstanceOf(JobReply.Refused.class);
    assertThat(jobs.requests).isEmpty();
    assertThatThrownBy(() -> ask(owner, friend, new byte[1]))
        .as("looks after no jobs")
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void bytesThatAreNoRequest_breakTheStream_andCount_andForgedOnesAreRefused() throws Exception {
    byte[] forged =
        SignedRequest.newBuilder()
            .setBody(ByteString.copyFrom(new byte[] {24, 1}))
            .setTimeMs(owner.clock.millis())
            .setNonce(ByteString.copyFrom(new byte[16]))
            .setSignature(ByteString.copyFrom(new byte[64]))
            .build()
            .toByteArray();
    assertThat(sent(FrameAssembler.frame(forged)).get(10, TimeUnit.SECONDS)).isTrue();
    for (byte[] hostile : List.of(new byte[] {8, 1, 127}, new byte[9_000])) {
      assertThat(sent(FrameAssembler.frame(hostile)).get(10, TimeUnit.SECONDS)).isFalse();
    }
    assertThat(owner.faults).extracting(Conduct.Observed::fault).contains(Fault.MALFORMED);
    assertThat(jobs.requests).isEmpty();
  }

  /** Whether such bytes are answered before the stream ends. */
  private CompletableFuture<Boolean> sent(ByteBuffer bytes) {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    CompletableFuture<Void> unused =
        friend
            .swarm
            .connection(owner.id())
            .orElseThrow()
            .begin(
                JobProtocol.PROTOCOL,
                new FramedReader(1_024) {
                  @Override
                  protected void onFrame(Stream stream, byte[] frame) {
                    answer.complete(true);
                  }

                  @Override
                  protected void onGone(IOException cause) {
                    answer.complete(false);
                  }
                })
            .thenCompose(stream -> stream.write(bytes));
    return answer;
  }
}
