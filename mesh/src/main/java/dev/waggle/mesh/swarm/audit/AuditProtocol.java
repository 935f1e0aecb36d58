package dev.waggle.mesh.swarm.audit;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.Answerer;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.Inquiry;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.pb.LedgerReply;
import dev.waggle.mesh.swarm.pb.LedgerRequest;
import dev.waggle.mesh.swarm.pb.SubmitCheckpoint;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** {@value #PROTOCOL}: one request, one reply. */
public final class AuditProtocol {
  static final String PROTOCOL = "/waggle/ledger/1";

  /** The longest message: a note with cosignatures, and a proof. */
  static final int MESSAGE_BYTES_MAX = 16 << 10;

  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private AuditProtocol() {}

  /**
   * Makes the host answer.
   *
   * @param blocking runs what waits for the disk
   */
  public static void serve(Host host, AuditServer server, Executor blocking) {
    host.handle(
        PROTOCOL,
        opened ->
            new Answerer(MESSAGE_BYTES_MAX, blocking) {
              @Override
              protected Runnable onQuestion(Stream stream, byte[] frame)
                  throws MalformedFrameException {
                AuditRequest request = AuditProtocol.request(frame);
                return () -> {
                  FramedReader.send(
                      stream, encode(server.onRequest(stream.connection().remotePeer(), request)));
                  stream.closeWrite();
                };
              }
            });
  }

  /** Asks a member. Fails when no answer comes in fifteen seconds. */
  public static CompletableFuture<AuditReply> ask(Connection member, AuditRequest request) {
    return Inquiry.ask(
        member, PROTOCOL, encode(request), MESSAGE_BYTES_MAX, AuditProtocol::reply, PATIENCE);
  }

  static LedgerRequest encode(AuditRequest request) {
    LedgerRequest.Builder encoded = LedgerRequest.newBuilder();
    if (request instanceof AuditRequest.Submit submit) {
      SubmitCheckpoint.Builder checkpoint =
          SubmitCheckpoint.newBuilder().setNote(submit.note()).setProvedFrom(submit.provedFrom());
      submit.proof().forEach(each -> checkpoint.addProof(ByteString.copyFrom(each)));
      encoded.setSubmit(checkpoint);
    } else if (request instanceof AuditRequest.At at) {
      encoded.setAt(at.size());
    }
    return encoded.build();
  }

  static AuditRequest request(byte[] frame) throws MalformedFrameException {
    try {
      LedgerRequest request = LedgerRequest.parseFrom(frame);
      return switch (request.getKindCase()) {
        case SUBMIT -> {
          SubmitCheckpoint submit = request.getSubmit();
          List<byte[]> proof = submit.getProofList().stream().map(ByteString::toByteArray).toList();
          yield new AuditRequest.Submit(submit.getNote(), submit.getProvedFrom(), proof);
        }
        case AT -> new AuditRequest.At(request.getAt());
        case KIND_NOT_SET -> throw new MalformedFrameException("an unknown question");
      };
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a question about a record cannot be read");
    }
  }

  static LedgerReply encode(AuditReply reply) {
    LedgerReply.Builder encoded = LedgerReply.newBuilder();
    if (reply instanceof AuditReply.Cosigned cosigned) {
      encoded.setCosigned(cosigned.note());
    } else if (reply instanceof AuditReply.Known known) {
      encoded.setKnown(known.note());
    } else if (reply instanceof AuditReply.Own own) {
      encoded.setOwn(own.note());
    } else {
      encoded.setRefused(true);
    }
    return encoded.build();
  }

  static AuditReply reply(byte[] frame) throws MalformedFrameException {
    try {
      LedgerReply reply = LedgerReply.parseFrom(frame);
      return switch (reply.getKindCase()) {
        case COSIGNED -> new AuditReply.Cosigned(reply.getCosigned());
        case KNOWN -> new AuditReply.Known(reply.getKnown());
        case OWN -> new AuditReply.Own(reply.getOwn());
        case REFUSED, KIND_NOT_SET -> new AuditReply.Refused();
      };
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("an answer about a record cannot be read");
    }
  }
}
