package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Inquiry;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.CertificateReply;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** How an admin answers who wants a certificate, whether joining or renewing. */
final class CertificateAnswer {
  private static final int BYTES_MAX = CertificateChain.BYTES_MAX + 64;
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private CertificateAnswer() {}

  /** Answers, and ends the stream. */
  static void send(Stream stream, Registrar.Admission admission) {
    CertificateReply.Builder reply = CertificateReply.newBuilder();
    if (admission instanceof Registrar.Admission.Admitted admitted) {
      reply.setChain(admitted.chain().toProtobuf());
    } else if (admission instanceof Registrar.Admission.Refused refused) {
      reply.setRefusal(refused.why().code());
    }
    FramedReader.send(stream, reply.build());
    stream.closeWrite();
  }

  /**
   * Asks an admin. Fails with a {@link MembershipException} when it refuses. The chain is verified
   * by the caller.
   */
  static CompletableFuture<CertificateChain> ask(
      Connection admin, String protocol, MessageLite request) {
    return Inquiry.ask(admin, protocol, request, BYTES_MAX, CertificateAnswer::parse, PATIENCE)
        .thenApply(CertificateAnswer::granted);
  }

  private static CertificateReply parse(byte[] frame) throws MalformedFrameException {
    try {
      return CertificateReply.parseFrom(frame);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("an answer about a certificate cannot be read");
    }
  }

  private static CertificateChain granted(CertificateReply reply) {
    try {
      if (reply.getRefusal() != 0) {
        throw new MembershipException(
            JoinRefusal.ofCode(reply.getRefusal())
                .map(JoinRefusal::message)
                .orElse("the admin gives no certificate"));
      }
      return CertificateChain.of(reply.getChain());
    } catch (MembershipException e) {
      throw new CompletionException(e);
    }
  }
}
