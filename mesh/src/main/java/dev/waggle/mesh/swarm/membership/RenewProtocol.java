package dev.waggle.mesh.swarm.membership;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.RenewReply;
import dev.waggle.mesh.swarm.pb.RenewRequest;
import dev.waggle.mesh.swarm.pb.SignedRequest;
import dev.waggle.mesh.swarm.request.RequestRefusedException;
import dev.waggle.mesh.swarm.request.Requests;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** Renews a member's certificate before it expires: {@value #PROTOCOL}, at any admin. */
final class RenewProtocol {
  static final String PROTOCOL = "/waggle/renew/1";

  private static final int VERSION = 1;
  private static final int REQUEST_BYTES_MAX = 256;
  private static final int REPLY_BYTES_MAX = CertificateChain.BYTES_MAX + 64;
  private static final Duration ANSWER_MAX = Duration.ofSeconds(15);

  private RenewProtocol() {}

  /** The admin's side, for a member that showed this chain; the disk is asked on the executor. */
  static final class Issuer extends FramedReader {
    private final Membership membership;
    private final Requests requests;
    private final CertificateChain chain;
    private final Executor blocking;
    private boolean asked;

    Issuer(Membership membership, Requests requests, CertificateChain chain, Executor blocking) {
      super(REQUEST_BYTES_MAX);
      this.membership = membership;
      this.requests = requests;
      this.chain = chain;
      this.blocking = blocking;
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      if (asked) {
        throw new MalformedFrameException("a second request for renewal");
      }
      asked = true;
      try {
        byte[] body =
            requests.open(PROTOCOL, chain.leaf().subject(), SignedRequest.parseFrom(frame));
        if (RenewRequest.parseFrom(body).getVersion() != VERSION) {
          throw new MalformedFrameException("a request for renewal of an unknown version");
        }
        blocking.execute(() -> answer(stream));
      } catch (RequestRefusedException e) {
        throw new MalformedFrameException("a request for renewal: " + e.reason().words());
      } catch (InvalidProtocolBufferException e) {
        throw new MalformedFrameException("a request for renewal cannot be read");
      } catch (RejectedExecutionException e) {
        stream.reset();
      }
    }

    private void answer(Stream stream) {
      RenewReply.Builder reply = RenewReply.newBuilder();
      Registrar.Admission admission = membership.registrar().renew(chain);
      if (admission instanceof Registrar.Admission.Admitted admitted) {
        reply.setChain(admitted.chain().toProtobuf());
      } else if (admission instanceof Registrar.Admission.Refused refused) {
        reply.setRefusal(refused.why().code());
      }
      FramedReader.send(stream, reply.build());
      stream.closeWrite();
    }

    @Override
    protected void onGone(IOException cause) {
      // It asks again, here or elsewhere.
    }
  }

  /** The member's side. The chain in the answer is verified by the caller. */
  static CompletableFuture<CertificateChain> ask(
      Connection connection, Requests requests, byte[] bootId) {
    CompletableFuture<CertificateChain> answer = new CompletableFuture<>();
    FramedReader member =
        new FramedReader(REPLY_BYTES_MAX) {
          @Override
          protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
            try {
              RenewReply reply = RenewReply.parseFrom(frame);
              if (reply.getRefusal() != 0) {
                throw new MembershipException("the admin renews nothing now");
              }
              answer.complete(CertificateChain.of(reply.getChain()));
            } catch (InvalidProtocolBufferException e) {
              throw new MalformedFrameException("an answer to a renewal cannot be read");
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
        .open(List.of(PROTOCOL), member)
        .thenCompose(
            stream ->
                FramedReader.send(
                    stream,
                    requests.sign(
                        PROTOCOL,
                        connection.remotePeer(),
                        bootId,
                        RenewRequest.newBuilder().setVersion(VERSION).build().toByteArray())))
        .exceptionally(
            failure -> {
              answer.completeExceptionally(failure);
              return null;
            });
    return answer.orTimeout(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
  }
}
