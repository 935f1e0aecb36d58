package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.Answerer;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.JoinRequest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
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
  static final class Issuer extends Answerer {
    private final Membership membership;

    Issuer(Membership membership, Executor blocking) {
      super(REQUEST_BYTES_MAX, blocking);
      this.membership = membership;
    }

    @Override
    protected Runnable onQuestion(Stream stream, byte[] frame) throws MalformedFrameException {
      try {
        JoinRequest request = JoinRequest.parseFrom(frame);
        return () -> answer(stream, request);
      } catch (InvalidProtocolBufferException e) {
        throw new MalformedFrameException("a join request cannot be read");
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
