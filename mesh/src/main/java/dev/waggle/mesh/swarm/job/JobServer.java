package dev.waggle.mesh.swarm.job;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.libp2p.FramedReader;
import dev.waggle.mesh.libp2p.Host;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.libp2p.Stream;
import dev.waggle.mesh.swarm.conduct.Conduct;
import dev.waggle.mesh.swarm.conduct.Fault;
import dev.waggle.mesh.swarm.membership.ConnectedMembers;
import dev.waggle.mesh.swarm.pb.JobPiece;
import dev.waggle.mesh.swarm.pb.SignedRequest;
import dev.waggle.mesh.swarm.request.RequestRefusedException;
import dev.waggle.mesh.swarm.request.Requests;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers members' requests about their jobs. */
public final class JobServer {
  /** How long a body may take to come. */
  static final Duration BODY_MAX = Duration.ofMinutes(2);

  // No body has more in its messages.
  private static final long DROPPED_BYTES_MAX = 2L * JobProtocol.BODY_BYTES_MAX;

  private static final Logger log = LoggerFactory.getLogger(JobServer.class);

  private final JobDesk desk;
  private final Requests requests;
  private final ConnectedMembers members;
  private final Conduct conduct;
  private final ScheduledExecutorService timer;
  private final Executor blocking;
  private final JobBodies bodies = new JobBodies();

  /**
   * @param requests checks what is signed
   * @param members says what the certificates of those who ask allow
   * @param conduct says who is shunned, and hears of faults
   * @param timer ends what stalls; stays the caller's to close
   * @param blocking runs what reads the disk; may refuse
   */
  public JobServer(
      JobDesk desk,
      Requests requests,
      ConnectedMembers members,
      Conduct conduct,
      ScheduledExecutorService timer,
      Executor blocking) {
    this.desk = desk;
    this.requests = requests;
    this.members = members;
    this.conduct = conduct;
    this.timer = timer;
    this.blocking = blocking;
  }

  /** Makes the host answer. */
  public void serve(Host host) {
    host.handle(JobProtocol.PROTOCOL, stream -> new Served());
  }

  private Optional<JobReply.Refused> refusal(PeerId member, JobRequest request) {
    boolean permitted = members.mayAsk(member) && conduct.standing(member).shunnedUntil().isEmpty();
    return permitted
        ? desk.refusal(member, request)
        : Optional.of(
            new JobReply.Refused(
                JobReply.Reason.NOT_ALLOWED,
                "your certificate does not let you ask for work, or that node shuns yours"));
  }

  private static void refuse(Stream stream, JobReply.Refused refusal) {
    FramedReader.send(stream, JobProtocol.refused(refusal));
    stream.closeWrite();
  }

  private static void sendRest(Stream stream, byte[] answer, int from) {
    int to = Math.min(answer.length, from + JobProtocol.PIECE_BYTES_MAX);
    FramedReader.send(stream, JobProtocol.piece(answer, from, to))
        .whenComplete(
            (sent, failure) -> {
              if (failure != null || to == answer.length) {
                stream.closeWrite();
              } else {
                sendRest(stream, answer, to);
              }
            });
  }

  /** One request: the question, its body, the answer. */
  private final class Served extends FramedReader {
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private final AtomicBoolean isFree = new AtomicBoolean(true);
    private JobProtocol.@Nullable Question question;
    private @Nullable PeerId member;
    private @Nullable ScheduledFuture<?> patience;
    private boolean answered;
    private long dropped;

    Served() {
      super(JobProtocol.QUESTION_BYTES_MAX);
    }

    @Override
    protected void onFrame(Stream stream, byte[] frame) throws MalformedFrameException {
      PeerId from = stream.connection().remotePeer();
      try {
        JobProtocol.Question known = question;
        if (answered) {
          drop(frame); // It was on its way when the answer was.
          return;
        }
        if (known == null) {
          begin(stream, from, frame);
        } else {
          onPiece(stream, from, known, JobPiece.parseFrom(frame).getPiece());
        }
      } catch (RequestRefusedException e) {
        if (e.reason() == RequestRefusedException.Reason.REPLAYED) {
          conduct.observe(from, Fault.REPLAY);
        }
        answered = true;
        refuse(
            stream,
            new JobReply.Refused(
                JobReply.Reason.NOT_ALLOWED,
                "it did not take the request (are both clocks right?)"));
      } catch (InvalidProtocolBufferException e) {
        conduct.observe(from, Fault.MALFORMED);
        throw new MalformedFrameException("a request about jobs cannot be read");
      } catch (MalformedFrameException e) {
        conduct.observe(from, Fault.MALFORMED);
        throw e;
      }
    }

    private void begin(Stream stream, PeerId from, byte[] frame)
        throws RequestRefusedException, InvalidProtocolBufferException, MalformedFrameException {
      JobProtocol.Question known =
          JobProtocol.question(
              requests.open(JobProtocol.PROTOCOL, from, SignedRequest.parseFrom(frame)));
      question = known;
      expect(JobProtocol.PIECE_FRAME_BYTES_MAX);
      Optional<JobReply.Refused> refusal = refusal(from, known.request());
      if (refusal.isEmpty() && !bodies.take(from, known.bodyBytes())) {
        refusal =
            Optional.of(
                new JobReply.Refused(
                    JobReply.Reason.FULL,
                    "it takes in other jobs at this moment (try again in a moment)"));
      }
      if (refusal.isPresent()) {
        answered = true;
        refuse(stream, refusal.get());
        return;
      }
      member = from;
      isFree.set(false);
      if (known.bodyBytes() == 0) {
        answer(stream, from, known);
        return;
      }
      patience =
          timer.schedule(
              () -> {
                stream.reset();
                free();
              },
              BODY_MAX.toMillis(),
              TimeUnit.MILLISECONDS);
    }

    private void drop(byte[] frame) throws MalformedFrameException {
      dropped += frame.length;
      if (dropped > DROPPED_BYTES_MAX) {
        throw new MalformedFrameException("a request about jobs that does not end");
      }
    }

    private void onPiece(Stream stream, PeerId from, JobProtocol.Question known, ByteString piece)
        throws MalformedFrameException {
      if (piece.isEmpty() || body.size() + piece.size() > known.bodyBytes()) {
        throw new MalformedFrameException("a body of another length than was said");
      }
      body.writeBytes(piece.toByteArray());
      if (body.size() == known.bodyBytes()) {
        answer(stream, from, known);
      }
    }

    private void answer(Stream stream, PeerId from, JobProtocol.Question known)
        throws MalformedFrameException {
      answered = true;
      if (patience != null) {
        patience.cancel(false);
      }
      byte[] whole = body.toByteArray();
      body.reset();
      if (whole.length > 0 && !known.isOf(whole)) {
        free();
        throw new MalformedFrameException("a body that its sender did not sign");
      }
      try {
        CompletableFuture.supplyAsync(() -> desk.answer(from, known.request(), whole), blocking)
            .thenCompose(reply -> reply)
            .whenComplete((reply, failure) -> onReply(stream, reply, failure));
      } catch (RejectedExecutionException e) {
        free();
        refuse(
            stream,
            new JobReply.Refused(JobReply.Reason.FULL, "it is too busy (try again in a moment)"));
      }
    }

    private void onReply(Stream stream, @Nullable JobReply reply, @Nullable Throwable failure) {
      free();
      if (reply instanceof JobReply.Answered done
          && done.bytes().length <= JobProtocol.BODY_BYTES_MAX) {
        sendRest(stream, done.bytes(), 0);
      } else if (reply instanceof JobReply.Refused refused) {
        refuse(stream, refused);
      } else {
        if (failure != null) {
          log.error("a request about jobs ended in a bug", failure);
        }
        refuse(
            stream,
            new JobReply.Refused(
                JobReply.Reason.FAILED,
                failure == null ? "the answer is too long to be sent" : "that node failed"));
      }
    }

    private void free() {
      JobProtocol.Question known = question;
      PeerId from = member;
      if (known != null && from != null && isFree.compareAndSet(false, true)) {
        bodies.free(from, known.bodyBytes());
      }
    }

    @Override
    protected void onGone(IOException cause) {
      if (!answered) {
        answered = true;
        if (patience != null) {
          patience.cancel(false);
        }
        free();
      }
    }
  }
}
