package dev.waggle.mesh.swarm.job;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.Sha256;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.pb.ArtifactRange;
import dev.waggle.mesh.swarm.pb.JobAnswer;
import dev.waggle.mesh.swarm.pb.JobPage;
import dev.waggle.mesh.swarm.pb.JobQuestion;
import dev.waggle.mesh.swarm.pb.JobTransfer;
import dev.waggle.mesh.swarm.pb.SnapshotRange;
import dev.waggle.mesh.swarm.pb.TaskOfJob;
import java.util.HexFormat;

/** {@value #PROTOCOL}: its messages, as bytes. */
public final class JobProtocol {
  /** The protocol's name. */
  public static final String PROTOCOL = "/waggle/job/1";

  /** The longest body of a request, and the longest answer: a whole job with its results. */
  public static final int BODY_BYTES_MAX = 32 << 20;

  /** The most of a body or an answer in one message. */
  public static final int PIECE_BYTES_MAX = 256 << 10;

  /** The longest question, its signature included. */
  static final int QUESTION_BYTES_MAX = 1 << 10;

  private static final int MARGIN_BYTES = 4 << 10;

  /** The longest message with a piece, or with a cause. */
  static final int PIECE_FRAME_BYTES_MAX = PIECE_BYTES_MAX + MARGIN_BYTES;

  private static final HexFormat HEX = HexFormat.of();

  private JobProtocol() {}

  /** A request with what is said of its body. */
  record Question(JobRequest request, int bodyBytes, ByteString bodySha256) {
    boolean isOf(byte[] body) {
      return bodySha256.equals(sha256(body));
    }
  }

  private static ByteString sha256(byte[] body) {
    return ByteString.copyFrom(Sha256.of(body));
  }

  static byte[] encode(JobRequest request, byte[] body) {
    JobQuestion.Builder encoded = JobQuestion.newBuilder();
    if (body.length > 0) {
      encoded.setBodyBytes(body.length).setBodySha256(sha256(body));
    }
    if (request instanceof JobRequest.Submit) {
      encoded.setSubmit(true);
    } else if (request instanceof JobRequest.HandOver) {
      encoded.setHandOver(true);
    } else if (request instanceof JobRequest.Withdraw withdraw) {
      encoded.setWithdraw(
          JobTransfer.newBuilder()
              .setJob(withdraw.job())
              .setTransfer(ByteString.copyFrom(HEX.parseHex(withdraw.transfer()))));
    } else if (request instanceof JobRequest.ListJobs list) {
      encoded.setList(list.max());
    } else if (request instanceof JobRequest.Show show) {
      encoded.setShow(show.job());
    } else if (request instanceof JobRequest.Tasks tasks) {
      encoded.setTasks(page(tasks.job(), tasks.from(), tasks.max()));
    } else if (request instanceof JobRequest.Events events) {
      encoded.setEvents(page(events.job(), events.after(), events.max()));
    } else if (request instanceof JobRequest.Cancel cancel) {
      encoded.setCancel(cancel.job());
    } else if (request instanceof JobRequest.Retry retry) {
      encoded.setRetry(retry.job());
    } else if (request instanceof JobRequest.AnswerTask answer) {
      encoded.setAnswer(task(answer.job(), answer.number()));
    } else if (request instanceof JobRequest.Artifact artifact) {
      encoded.setArtifact(
          ArtifactRange.newBuilder()
              .setTask(task(artifact.job(), artifact.number()))
              .setSha256(ByteString.copyFrom(HEX.parseHex(artifact.sha256())))
              .setOffset(artifact.offset()));
    } else if (request instanceof JobRequest.Snapshot snapshot) {
      encoded.setSnapshot(
          SnapshotRange.newBuilder()
              .setSha256(ByteString.copyFrom(HEX.parseHex(snapshot.sha256())))
              .setOffset(snapshot.offset()));
    }
    return encoded.build().toByteArray();
  }

  private static JobPage.Builder page(String job, long from, int max) {
    return JobPage.newBuilder().setJob(job).setFrom(from).setMax(max);
  }

  private static TaskOfJob.Builder task(String job, int number) {
    return TaskOfJob.newBuilder().setJob(job).setNumber(number);
  }

  static Question question(byte[] frame) throws MalformedFrameException {
    try {
      JobQuestion question = JobQuestion.parseFrom(frame);
      int bytes = question.getBodyBytes();
      if (bytes < 0 || bytes > BODY_BYTES_MAX) {
        throw new MalformedFrameException("a body is longer than any may be");
      }
      return new Question(request(question), bytes, question.getBodySha256());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a request about jobs cannot be read");
    }
  }

  private static JobRequest request(JobQuestion question) throws MalformedFrameException {
    return switch (question.getKindCase()) {
      case SUBMIT -> new JobRequest.Submit();
      case HAND_OVER -> new JobRequest.HandOver();
      case WITHDRAW ->
          new JobRequest.Withdraw(
              question.getWithdraw().getJob(),
              HEX.formatHex(question.getWithdraw().getTransfer().toByteArray()));
      case LIST -> new JobRequest.ListJobs(question.getList());
      case SHOW -> new JobRequest.Show(question.getShow());
      case TASKS -> {
        JobPage page = question.getTasks();
        if (page.getFrom() > Integer.MAX_VALUE) {
          throw new MalformedFrameException("no job has so many tasks");
        }
        yield new JobRequest.Tasks(page.getJob(), (int) page.getFrom(), page.getMax());
      }
      case EVENTS -> {
        JobPage page = question.getEvents();
        yield new JobRequest.Events(page.getJob(), page.getFrom(), page.getMax());
      }
      case CANCEL -> new JobRequest.Cancel(question.getCancel());
      case RETRY -> new JobRequest.Retry(question.getRetry());
      case ANSWER ->
          new JobRequest.AnswerTask(
              question.getAnswer().getJob(), question.getAnswer().getNumber());
      case ARTIFACT -> {
        ArtifactRange range = question.getArtifact();
        yield new JobRequest.Artifact(
            range.getTask().getJob(),
            range.getTask().getNumber(),
            HEX.formatHex(range.getSha256().toByteArray()),
            range.getOffset());
      }
      case SNAPSHOT ->
          new JobRequest.Snapshot(
              HEX.formatHex(question.getSnapshot().getSha256().toByteArray()),
              question.getSnapshot().getOffset());
      case KIND_NOT_SET -> throw new MalformedFrameException("an unknown request about jobs");
    };
  }

  static JobAnswer refused(JobReply.Refused refused) {
    return JobAnswer.newBuilder()
        .setLast(true)
        .setRefused(refused.reason().code())
        .setCause(refused.cause())
        .build();
  }

  /** A part of an answer. */
  static JobAnswer piece(byte[] answer, int from, int to) {
    return JobAnswer.newBuilder()
        .setPiece(ByteString.copyFrom(answer, from, to - from))
        .setLast(to == answer.length)
        .build();
  }

  static JobAnswer answer(byte[] frame) throws MalformedFrameException {
    try {
      return JobAnswer.parseFrom(frame);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("an answer about jobs cannot be read");
    }
  }

  /** Why there is no answer. */
  static JobReply.Refused refusal(JobAnswer answer) {
    return JobReply.Refused.because(
        // A reason that a later version invented.
        JobReply.Reason.ofCode(answer.getRefused()).orElse(JobReply.Reason.FAILED),
        answer.getCause());
  }
}
