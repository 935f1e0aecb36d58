package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.JoinReply;
import dev.waggle.mesh.swarm.pb.JoinRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Redeems invites: {@value #PROTOCOL}, the only protocol that is open to a stranger. */
final class JoinProtocol {
  static final String PROTOCOL = "/waggle/join/1";

  private static final Logger log = LoggerFactory.getLogger(JoinProtocol.class);
  private static final int VERSION = 1;
  private static final int REQUEST_BYTES_MAX = 512;
  private static final int REPLY_BYTES_MAX = CertificateChain.BYTES_MAX + 64;
  private static final Duration ANSWER_MAX = Duration.ofSeconds(15);

  private JoinProtocol() {}

  /** The issuer's side; the database is asked on the executor. */
  static final class Issuer extends FramedReader {
    private final Membership membership;
    private final Executor blocking;
    private boolean asked;

    Issuer(Membership membership, Executor blocking) {
      super(REQUEST_BYTES_MAX);
      this.membership = membership;
      this.blocking = blocking;
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      if (asked) {
        throw new MalformedFrameException("a second join request");
      }
      asked = true;
      JoinRequest request;
      try {
        request = JoinRequest.parseFrom(frame);
      } catch (InvalidProtocolBufferException e) {
        throw new MalformedFrameException("a join request cannot be read");
      }
      try {
        blocking.execute(() -> answer(stream, request));
      } catch (RejectedExecutionException e) {
        stream.reset();
      }
    }

    private void answer(Stream stream, JoinRequest request) {
      var joiner = stream.connection().remotePeer();
      JoinReply.Builder reply = JoinReply.newBuilder();
      var admission =
          membership
              .registrar()
              .redeem(request.getSecret().toByteArray(), joiner, request.getName());
      if (admission instanceof Registrar.Admission.Admitted admitted) {
        log.info("{} joined as \"{}\"", joiner, request.getName());
        reply.setChain(admitted.chain().toProtobuf());
      } else if (admission instanceof Registrar.Admission.Refused refused) {
        log.info("an invite brought by {} was refused: {}", joiner, refused.why());
        reply.setRefusal(refused.why().code());
      }
      FramedReader.send(stream, reply.build());
      stream.closeWrite();
    }

    @Override
    protected void onGone(IOException cause) {
      // Nothing is kept for it.
    }
  }

  /** The joiner's side. The chain in the answer is verified by the caller. */
  static CompletableFuture<CertificateChain> ask(
      Connection connection, Invite invite, String name) {
    CompletableFuture<CertificateChain> answer = new CompletableFuture<>();
    FramedReader joiner =
        new FramedReader(REPLY_BYTES_MAX) {
          @Override
          protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
            try {
              answer.complete(read(JoinReply.parseFrom(frame)));
            } catch (InvalidProtocolBufferException e) {
              throw new MalformedFrameException("a join reply cannot be read");
            } catch (MembershipException e) {
              answer.completeExceptionally(e);
            }
          }

          @Override
          protected void onGone(IOException cause) {
            answer.completeExceptionally(cause);
          }
        };
    connection
        .open(List.of(PROTOCOL), joiner)
        .thenCompose(
            stream ->
                FramedReader.send(
                    stream,
                    JoinRequest.newBuilder()
                        .setVersion(VERSION)
                        .setSecret(ByteString.copyFrom(invite.secret()))
                        .setName(name)
                        .build()))
        .exceptionally(
            failure -> {
              answer.completeExceptionally(failure);
              return null;
            });
    return answer.orTimeout(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
  }

  private static CertificateChain read(JoinReply reply) throws MembershipException {
    if (reply.getRefusal() != 0) {
      throw new MembershipException(
          JoinRefusal.ofCode(reply.getRefusal())
              .map(JoinRefusal::message)
              .orElse("the invite was refused"));
    }
    return CertificateChain.of(reply.getChain());
  }
}
