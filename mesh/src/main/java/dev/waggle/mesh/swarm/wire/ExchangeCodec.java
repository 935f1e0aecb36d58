package dev.waggle.mesh.swarm.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Usage;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.pb.ChatRecord;
import dev.waggle.mesh.swarm.pb.ChunkRecord;
import dev.waggle.mesh.swarm.pb.FailedRecord;
import dev.waggle.mesh.swarm.pb.MessageRecord;
import dev.waggle.mesh.swarm.pb.ResultRecord;
import dev.waggle.mesh.swarm.pb.TaskSpecRecord;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** The bytes of what travels inside envelopes. Decoding refuses what its record refuses. */
public final class ExchangeCodec {
  private static final ChatMessage.Role[] ROLES = ChatMessage.Role.values();
  private static final Outcome.FinishReason[] REASONS = Outcome.FinishReason.values();
  private static final Outcome.Failure[] FAILURES = Outcome.Failure.values();

  private ExchangeCodec() {}

  /** The bytes of a task. */
  public static byte[] encode(TaskSpec spec) {
    if (spec instanceof TaskSpec.Chat chat) {
      return TaskSpecRecord.newBuilder().setChat(encode(chat)).build().toByteArray();
    }
    throw new AssertionError("no encoding for " + spec.getClass());
  }

  private static ChatRecord encode(TaskSpec.Chat chat) {
    ChatRecord.Builder record = ChatRecord.newBuilder().setModel(chat.model());
    for (ChatMessage message : chat.messages()) {
      record.addMessages(
          MessageRecord.newBuilder()
              .setRole(code(ROLES, message.role()))
              .setContent(message.content()));
    }
    Sampling sampling = chat.sampling();
    sampling.maxTokens().ifPresent(record::setMaxTokens);
    sampling.temperature().ifPresent(record::setTemperature);
    sampling.topP().ifPresent(record::setTopP);
    sampling.seed().ifPresent(record::setSeed);
    return record.addAllStop(sampling.stop()).addAllLabels(Label.texts(chat.labels())).build();
  }

  /** Reads a task. */
  public static TaskSpec decodeSpec(byte[] bytes) throws MalformedFrameException {
    try {
      TaskSpecRecord spec = TaskSpecRecord.parseFrom(bytes);
      if (!spec.hasChat()) {
        throw new MalformedFrameException("a task of an unknown kind");
      }
      ChatRecord chat = spec.getChat();
      List<ChatMessage> messages = new ArrayList<>();
      for (MessageRecord message : chat.getMessagesList()) {
        messages.add(new ChatMessage(of(ROLES, message.getRole()), message.getContent()));
      }
      return new TaskSpec.Chat(
          chat.getModel(),
          Label.all(chat.getLabelsList(), Label.OF_REQUEST_MAX),
          messages,
          new Sampling(
              chat.hasMaxTokens() ? OptionalInt.of(chat.getMaxTokens()) : OptionalInt.empty(),
              chat.hasTemperature()
                  ? OptionalDouble.of(chat.getTemperature())
                  : OptionalDouble.empty(),
              chat.hasTopP() ? OptionalDouble.of(chat.getTopP()) : OptionalDouble.empty(),
              chat.hasSeed() ? OptionalLong.of(chat.getSeed()) : OptionalLong.empty(),
              chat.getStopList()));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a task cannot be read");
    }
  }

  /** The bytes of a chunk. */
  public static byte[] encode(Chunk chunk) {
    ChunkRecord.Builder record = ChunkRecord.newBuilder();
    if (chunk instanceof Chunk.Text text) {
      record.setText(text.text());
    } else if (chunk instanceof Chunk.Thinking thinking) {
      record.setThinking(thinking.text());
    }
    return record.build().toByteArray();
  }

  /** Reads a chunk. */
  public static Chunk decodeChunk(byte[] bytes) throws MalformedFrameException {
    try {
      ChunkRecord record = ChunkRecord.parseFrom(bytes);
      return switch (record.getKindCase()) {
        case TEXT -> new Chunk.Text(record.getText());
        case THINKING -> new Chunk.Thinking(record.getThinking());
        case KIND_NOT_SET -> throw new MalformedFrameException("a chunk of an unknown kind");
      };
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedFrameException("a chunk cannot be read");
    }
  }

  /** The bytes of a result. */
  public static byte[] encode(TaskResult result) {
    ResultRecord.Builder record = ResultRecord.newBuilder();
    if (result.outcome() instanceof Outcome.Done done) {
      record.setDone(code(REASONS, done.reason()));
    } else if (result.outcome() instanceof Outcome.Failed failed) {
      record.setFailed(
          FailedRecord.newBuilder()
              .setFailure(code(FAILURES, failed.failure()))
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
            case DONE -> new Outcome.Done(of(REASONS, record.getDone()));
            case FAILED ->
                new Outcome.Failed(
                    of(FAILURES, record.getFailed().getFailure()), record.getFailed().getMessage());
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

  /** Codes are places in the declaration, counted from 1: the order never changes. */
  private static <E> int code(E[] values, E value) {
    for (int i = 0; i < values.length; i++) {
      if (values[i].equals(value)) {
        return i + 1;
      }
    }
    throw new AssertionError("not one of its own values");
  }

  private static <E> E of(E[] values, int code) throws MalformedFrameException {
    if (code < 1 || code > values.length) {
      throw new MalformedFrameException("an unknown code");
    }
    return values[code - 1];
  }
}
