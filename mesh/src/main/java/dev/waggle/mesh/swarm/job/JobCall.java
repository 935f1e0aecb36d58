package dev.waggle.mesh.swarm.job;

import com.google.protobuf.ByteString;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.Connection;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.membership.ConnectedMembers;
import dev.waggle.mesh.swarm.pb.JobAnswer;
import dev.waggle.mesh.swarm.pb.JobPiece;
import dev.waggle.mesh.swarm.request.Requests;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A request about jobs to another member. Thread-safe; nothing blocks. */
public final class JobCall {
  /** How long an answer may take. */
  static final Duration PATIENCE = Duration.ofSeconds(45);

  /** How long a whole job may take to get there, and its answer back. */
  static final Duration PATIENCE_LONG = JobServer.BODY_MAX.plus(PATIENCE);

  private JobCall() {}

  /**
   * Asks. Fails with an {@link IOException} when the member is not connected, or the connection
   * ends before the answer, and with a {@link java.util.concurrent.TimeoutException} when that
   * takes too long; then it is not known what became of the request.
   *
   * @param body at most {@link JobProtocol#BODY_BYTES_MAX}; empty for none
   * @param conduct hears of the member's faults
   */
  public static CompletableFuture<JobReply> ask(
      PeerId member,
      JobRequest request,
      byte[] body,
      Requests requests,
      ConnectedMembers members,
      Conduct conduct) {
    Optional<Connection> connection = members.connection(member);
    Optional<byte[]> bootId = members.bootId(member);
    if (connection.isEmpty() || bootId.isEmpty()) {
      return CompletableFuture.failedFuture(new IOException("it is not connected"));
    }
    byte[] question = JobProtocol.encode(request, body);
    CompletableFuture<JobReply> answer = new CompletableFuture<>();
    CompletableFuture<Stream> opened =
        connection.get().begin(JobProtocol.PROTOCOL, new Answers(answer, conduct));
    opened
        .thenCompose(
            stream ->
                FramedReader.send(
                        stream, requests.sign(JobProtocol.PROTOCOL, member, bootId.get(), question))
                    .thenCompose(sent -> send(stream, body, 0)))
        .whenComplete(
            (sent, failure) -> {
              if (failure != null) {
                answer.completeExceptionally(new IOException("the connection ended", failure));
              }
            });
    boolean isLong = request.isJob() || body.length > JobProtocol.PIECE_BYTES_MAX;
    Duration patience = isLong ? PATIENCE_LONG : PATIENCE;
    return answer
        .orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete(
            (reply, failure) -> {
              if (failure != null) {
                opened.thenAccept(Stream::reset);
              }
            });
  }

  private static CompletableFuture<Void> send(Stream stream, byte[] body, int from) {
    if (from == body.length) {
      return CompletableFuture.completedFuture(null);
    }
    int to = Math.min(body.length, from + JobProtocol.PIECE_BYTES_MAX);
    JobPiece piece =
        JobPiece.newBuilder().setPiece(ByteString.copyFrom(body, from, to - from)).build();
    return FramedReader.send(stream, piece).thenCompose(sent -> send(stream, body, to));
  }

  private static final class Answers extends FramedReader {
    private final ByteArrayOutputStream whole = new ByteArrayOutputStream();
    private final CompletableFuture<JobReply> answer;
    private final Conduct conduct;

    Answers(CompletableFuture<JobReply> answer, Conduct conduct) {
      super(JobProtocol.PIECE_FRAME_BYTES_MAX);
      this.answer = answer;
      this.conduct = conduct;
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      try {
        JobAnswer next = JobProtocol.answer(frame);
        if (next.getRefused() != 0) {
          answer.complete(JobProtocol.refusal(next));
        } else {
          if (whole.size() + next.getPiece().size() > JobProtocol.BODY_BYTES_MAX
              || (next.getPiece().isEmpty() && !next.getLast())) {
            throw new MalformedFrameException("an answer about jobs that does not end");
          }
          whole.writeBytes(next.getPiece().toByteArray());
        }
        if (next.getLast()) {
          answer.complete(new JobReply.Answered(whole.toByteArray()));
          stream.closeWrite();
        }
      } catch (MalformedFrameException e) {
        conduct.observe(stream.connection().remotePeer(), Fault.MALFORMED);
        throw e;
      }
    }

    @Override
    protected void onGone(IOException cause) {
      answer.completeExceptionally(cause);
    }
  }
}
