package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.JoinRequest;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Redeems invites: {@value #PROTOCOL}, the only protocol that is open to a stranger. */
final class JoinProtocol {
  static final String PROTOCOL = "/waggle/join/1";

  private static final Logger log = LoggerFactory.getLogger(JoinProtocol.class);
  private static final int VERSION = 1;
  private static final int REQUEST_BYTES_MAX = 512;

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
      var admission =
          membership
              .registrar()
              .redeem(request.getSecret().toByteArray(), joiner, request.getName());
      if (admission instanceof Registrar.Admission.Refused refused) {
        log.info("an invite brought by {} was refused: {}", joiner, refused.why());
      } else {
        log.info("{} joined as \"{}\"", joiner, request.getName());
      }
      CertificateAnswer.send(stream, admission);
    }

    @Override
    protected void onGone(IOException cause) {
      // Nothing is kept for it.
    }
  }

  /** The joiner's side. The chain in the answer is verified by the caller. */
  static CompletableFuture<CertificateChain> ask(
      Connection connection, Invite invite, String name) {
    return CertificateAnswer.ask(
        connection,
        PROTOCOL,
        JoinRequest.newBuilder()
            .setVersion(VERSION)
            .setSecret(ByteString.copyFrom(invite.secret()))
            .setName(name)
            .build());
  }
}
