package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.Answerer;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.RenewRequest;
import dev.waggle.mesh.swarm.pb.SignedRequest;
import dev.waggle.mesh.swarm.request.RequestRefusedException;
import dev.waggle.mesh.swarm.request.Requests;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Renews a member's certificate before it expires: {@value #PROTOCOL}, at any admin. */
final class RenewProtocol {
  static final String PROTOCOL = "/waggle/renew/1";

  private static final int VERSION = 1;
  private static final int REQUEST_BYTES_MAX = 256;

  private RenewProtocol() {}

  /** The admin's side, for a member that showed this chain; the disk is asked on the executor. */
  static final class Issuer extends Answerer {
    private final Membership membership;
    private final Requests requests;
    private final CertificateChain chain;

    Issuer(Membership membership, Requests requests, CertificateChain chain, Executor blocking) {
      super(REQUEST_BYTES_MAX, blocking);
      this.membership = membership;
      this.requests = requests;
      this.chain = chain;
    }

    @Override
    protected Runnable onQuestion(Stream stream, byte[] frame) throws MalformedFrameException {
      try {
        byte[] body =
            requests.open(PROTOCOL, chain.leaf().subject(), SignedRequest.parseFrom(frame));
        if (RenewRequest.parseFrom(body).getVersion() != VERSION) {
          throw new MalformedFrameException("a request for renewal of an unknown version");
        }
        return () -> CertificateAnswer.send(stream, membership.registrar().renew(chain));
      } catch (RequestRefusedException e) {
        throw new MalformedFrameException("a request for renewal: " + e.reason().words());
      } catch (InvalidProtocolBufferException e) {
        throw new MalformedFrameException("a request for renewal cannot be read");
      }
    }
  }

  /** The member's side. The chain in the answer is verified by the caller. */
  static CompletableFuture<CertificateChain> ask(
      Connection connection, Requests requests, byte[] bootId) {
    byte[] request = RenewRequest.newBuilder().setVersion(VERSION).build().toByteArray();
    return CertificateAnswer.ask(
        connection, PROTOCOL, requests.sign(PROTOCOL, connection.remotePeer(), bootId, request));
  }
}
