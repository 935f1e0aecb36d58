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
import dev.waggle.mesh.swarm.pb.EntryBytes;
import dev.waggle.mesh.swarm.pb.EntryRange;
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

  /** The longest question: a note with cosignatures, and a proof. */
  static final int QUESTION_BYTES_MAX = 16 << 10;

  /** The longest answer: entries of at most 1 KiB. */
  static final int ANSWER_BYTES_MAX = (1 << 10) * (AuditRequest.Range.ENTRIES_MAX + 1);

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
            new Answerer(QUESTION_BYTES_MAX, blocking) {
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
        member, PROTOCOL, encode(request), ANSWER_BYTES_MAX, AuditProtocol::reply, PATIENCE);
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
    } else if (request instanceof AuditRequest.Range range) {
      encoded.setRange(EntryRange.newBuilder().setFrom(range.from()).setMax(range.max()));
    } else {
      encoded.setHead(true);
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
        case HEAD -> new AuditRequest.Head();
        case RANGE ->
            new AuditRequest.Range(request.getRange().getFrom(), request.getRange().getMax());
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
    } else if (reply instanceof AuditReply.Entries entries) {
      EntryBytes.Builder all = EntryBytes.newBuilder();
      entries.entries().forEach(each -> all.addEntry(ByteString.copyFrom(each)));
      encoded.setEntries(all);
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
        case ENTRIES ->
            new AuditReply.Entries(
                reply.getEntries().getEntryList().stream().map(ByteString::toByteArray).toList());
        case REFUSED, KIND_NOT_SET -> new AuditReply.Refused();
      };
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("an answer about a record cannot be read");
    }
  }
}
