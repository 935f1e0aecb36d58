package dev.waggle.mesh.swarm.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.ExitReport;
import dev.waggle.mesh.swarm.exchange.Logprob;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.mesh.swarm.pb.ArtifactRecord;
import dev.waggle.mesh.swarm.pb.ChunkRecord;
import dev.waggle.mesh.swarm.pb.ExitRecord;
import dev.waggle.mesh.swarm.pb.FailedRecord;
import dev.waggle.mesh.swarm.pb.LogprobRecord;
import dev.waggle.mesh.swarm.pb.ResultRecord;
import dev.waggle.mesh.swarm.pb.TextRecord;
import dev.waggle.mesh.swarm.pb.VectorRecord;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** The bytes of what comes back from a task. Decoding refuses what its record refuses. */
public final class ExchangeCodec {
  // A token, and the tokens in its place.
  private static final int LOGPROB_DEPTH_MAX = 2;

  private ExchangeCodec() {}

  /** The bytes of a chunk. */
  public static byte[] encode(Chunk chunk) {
    ChunkRecord.Builder record = ChunkRecord.newBuilder();
    if (chunk instanceof Chunk.Text text) {
      TextRecord.Builder piece = TextRecord.newBuilder().setText(text.text());
      text.logprobs().forEach(each -> piece.addLogprobs(encode(each)));
      record.setText(piece);
    } else if (chunk instanceof Chunk.Thinking thinking) {
      record.setThinking(thinking.text());
    } else if (chunk instanceof Chunk.Call call) {
      record.setToolCall(SpecCodec.encode(call.part()));
    } else if (chunk instanceof Chunk.Vector vector) {
      record.setVector(
          VectorRecord.newBuilder().setIndex(vector.index()).addAllValues(vector.values()));
    } else if (chunk instanceof Chunk.Output output) {
      ByteString written = ByteString.copyFrom(output.written().toArray());
      if (output.error()) {
        record.setErrors(written);
      } else {
        record.setOutput(written);
      }
    } else if (chunk instanceof Chunk.Artifact artifact) {
      record.setArtifact(
          ArtifactRecord.newBuilder()
              .setPath(artifact.path())
              .setPart(ByteString.copyFrom(artifact.part().toArray()))
              .setLast(artifact.last()));
    } else if (chunk instanceof Chunk.Exit exit) {
      record.setExit(encode(exit.report()));
    } else {
      throw new AssertionError("no encoding for " + chunk.getClass());
    }
    return record.build().toByteArray();
  }

  /** Reads a chunk. */
  public static Chunk decodeChunk(byte[] bytes) throws MalformedFrameException {
    try {
      ChunkRecord record = ChunkRecord.parseFrom(bytes);
      return switch (record.getKindCase()) {
        case TEXT ->
            new Chunk.Text(
                record.getText().getText(),
                record.getText().getLogprobsList().stream()
                    .map(each -> decode(each, LOGPROB_DEPTH_MAX))
                    .toList());
        case THINKING -> new Chunk.Thinking(record.getThinking());
        case TOOL_CALL -> new Chunk.Call(SpecCodec.decode(record.getToolCall()));
        case VECTOR ->
            new Chunk.Vector(record.getVector().getIndex(), record.getVector().getValuesList());
        case OUTPUT -> new Chunk.Output(false, Bytes.of(record.getOutput().toByteArray()));
        case ERRORS -> new Chunk.Output(true, Bytes.of(record.getErrors().toByteArray()));
        case ARTIFACT ->
            new Chunk.Artifact(
                record.getArtifact().getPath(),
                Bytes.of(record.getArtifact().getPart().toByteArray()),
                record.getArtifact().getLast());
        case EXIT -> new Chunk.Exit(decode(record.getExit()));
        case KIND_NOT_SET -> throw new MalformedFrameException("a chunk of an unknown kind");
      };
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a chunk cannot be read");
    }
  }

  private static ExitRecord encode(ExitReport report) {
    return ExitRecord.newBuilder()
        .setEnd(Codes.of(ExitReport.End.class, report.end()))
        .setCode(report.code())
        .setCpuUs(micros(report.cpu()))
        .setWallUs(micros(report.wall()))
        .setPeakBytes(report.peakBytes())
        .setOutputCut(report.outputCut())
        .build();
  }

  private static ExitReport decode(ExitRecord record) throws MalformedFrameException {
    return new ExitReport(
        Codes.to(ExitReport.End.class, record.getEnd()),
        record.getCode(),
        Duration.of(record.getCpuUs(), ChronoUnit.MICROS),
        Duration.of(record.getWallUs(), ChronoUnit.MICROS),
        record.getPeakBytes(),
        record.getOutputCut());
  }

  private static LogprobRecord encode(Logprob token) {
    LogprobRecord.Builder record =
        LogprobRecord.newBuilder().setToken(token.token()).setLogprob(token.logprob());
    byte[] bytes = new byte[token.bytes().size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = token.bytes().get(i).byteValue();
    }
    record.setBytes(ByteString.copyFrom(bytes));
    token.top().forEach(each -> record.addTop(encode(each)));
    return record.build();
  }

  private static Logprob decode(LogprobRecord record, int depth) {
    List<Integer> bytes = new ArrayList<>();
    for (byte each : record.getBytes().toByteArray()) {
      bytes.add(Byte.toUnsignedInt(each));
    }
    if (depth == 0 || record.getTopCount() > Logprob.TOP_MAX) {
      throw new IllegalArgumentException("more alternatives than can be asked for");
    }
    return new Logprob(
        record.getToken(),
        bytes,
        record.getLogprob(),
        record.getTopList().stream().map(each -> decode(each, depth - 1)).toList());
  }

  /** The bytes of a result. */
  public static byte[] encode(TaskResult result) {
    ResultRecord.Builder record = ResultRecord.newBuilder();
    if (result.outcome() instanceof Outcome.Done done) {
      record.setDone(Codes.of(Outcome.FinishReason.class, done.reason()));
    } else if (result.outcome() instanceof Outcome.Failed failed) {
      record.setFailed(
          FailedRecord.newBuilder()
              .setFailure(Codes.of(Outcome.Failure.class, failed.failure()))
              .setMessage(failed.message()));
    } else {
      record.setCanceled(true);
    }
    Usage usage = result.usage();
    return record
        .setPromptTokens(usage.promptTokens())
        .setOutputTokens(usage.outputTokens())
        .setLoadUs(micros(usage.load()))
        .setPrefillUs(micros(usage.prefill()))
        .setDecodeUs(micros(usage.decode()))
        .setReceipt(ByteString.copyFrom(result.receipt()))
        .build()
        .toByteArray();
  }

  /** Reads a result. */
  public static TaskResult decodeResult(byte[] bytes) throws MalformedFrameException {
    try {
      ResultRecord record = ResultRecord.parseFrom(bytes);
      Outcome outcome =
          switch (record.getOutcomeCase()) {
            case DONE -> new Outcome.Done(Codes.to(Outcome.FinishReason.class, record.getDone()));
            case FAILED ->
                new Outcome.Failed(
                    Codes.to(Outcome.Failure.class, record.getFailed().getFailure()),
                    record.getFailed().getMessage());
            case CANCELED -> new Outcome.Canceled();
            case OUTCOME_NOT_SET -> throw new MalformedFrameException("a result without outcome");
          };
      return new TaskResult(
          outcome,
          new Usage(
              record.getPromptTokens(),
              record.getOutputTokens(),
              Duration.of(record.getLoadUs(), ChronoUnit.MICROS),
              Duration.of(record.getPrefillUs(), ChronoUnit.MICROS),
              Duration.of(record.getDecodeUs(), ChronoUnit.MICROS)),
          record.getReceipt().toByteArray());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a result cannot be read");
    }
  }

  private static long micros(Duration duration) {
    return duration.toNanos() / 1_000;
  }
}
