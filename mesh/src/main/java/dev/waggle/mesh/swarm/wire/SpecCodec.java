package dev.waggle.mesh.swarm.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.blob.BlobDigest;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.ChatMessage;
import dev.waggle.mesh.swarm.exchange.ChatOptions;
import dev.waggle.mesh.swarm.exchange.CodeFile;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import dev.waggle.mesh.swarm.exchange.Continuation;
import dev.waggle.mesh.swarm.exchange.JobPart;
import dev.waggle.mesh.swarm.exchange.KeepId;
import dev.waggle.mesh.swarm.exchange.Language;
import dev.waggle.mesh.swarm.exchange.Sampling;
import dev.waggle.mesh.swarm.exchange.Snapshot;
import dev.waggle.mesh.swarm.exchange.TaskSpec;
import dev.waggle.mesh.swarm.exchange.Tool;
import dev.waggle.mesh.swarm.exchange.ToolCall;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.pb.ChatRecord;
import dev.waggle.mesh.swarm.pb.CodeRecord;
import dev.waggle.mesh.swarm.pb.CompletionRecord;
import dev.waggle.mesh.swarm.pb.ContinuationRecord;
import dev.waggle.mesh.swarm.pb.EmbeddingRecord;
import dev.waggle.mesh.swarm.pb.FileRecord;
import dev.waggle.mesh.swarm.pb.MessageRecord;
import dev.waggle.mesh.swarm.pb.SamplingRecord;
import dev.waggle.mesh.swarm.pb.SnapshotRecord;
import dev.waggle.mesh.swarm.pb.TaskSpecRecord;
import dev.waggle.mesh.swarm.pb.ToolCallRecord;
import dev.waggle.mesh.swarm.pb.ToolRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** The bytes of a task. Decoding refuses what its records refuse. */
public final class SpecCodec {
  private SpecCodec() {}

  /**
   * The bytes of a task.
   *
   * @throws IllegalArgumentException if an image is no base64
   */
  public static byte[] encode(TaskSpec spec) {
    return encode(spec, Optional.empty());
  }

  /**
   * The bytes of a task that is part of a job.
   *
   * @throws IllegalArgumentException if an image is no base64
   */
  public static byte[] encode(TaskSpec spec, Optional<JobPart> part) {
    TaskSpecRecord.Builder record = TaskSpecRecord.newBuilder();
    part.ifPresent(of -> record.setJob(of.job()).setKeep(of.keep().value()));
    if (spec instanceof TaskSpec.Chat chat) {
      record.setChat(encode(chat));
    } else if (spec instanceof TaskSpec.Completion completion) {
      record.setCompletion(encode(completion));
    } else if (spec instanceof TaskSpec.Embedding embedding) {
      record.setEmbedding(encode(embedding));
    } else if (spec instanceof TaskSpec.Code code) {
      record.setCode(encode(code));
    } else {
      throw new AssertionError("no encoding for " + spec.getClass());
    }
    return record.build().toByteArray();
  }

  /** Of which job a task is a part; empty when of none. */
  public static Optional<JobPart> decodePart(byte[] bytes) throws MalformedFrameException {
    try {
      TaskSpecRecord record = TaskSpecRecord.parseFrom(bytes);
      return record.getJob().isEmpty()
          ? Optional.empty()
          : Optional.of(new JobPart(record.getJob(), new KeepId(record.getKeep())));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("what a task is of a job cannot be read");
    }
  }

  private static ChatRecord encode(TaskSpec.Chat chat) {
    ChatRecord.Builder record =
        ChatRecord.newBuilder()
            .setModel(chat.model())
            .setSampling(encode(chat.sampling()))
            .addAllLabels(Label.texts(chat.labels()));
    chat.messages().forEach(each -> record.addMessages(encode(each)));
    ChatOptions options = chat.options();
    for (Tool tool : options.tools()) {
      record.addTools(
          ToolRecord.newBuilder()
              .setName(tool.name())
              .setDescription(tool.description())
              .setParameters(tool.parameters()));
    }
    options.format().ifPresent(record::setFormat);
    options.think().ifPresent(record::setThink);
    if (!options.toolChoice().equals(ChatOptions.AUTO)) {
      record.setToolChoice(options.toolChoice());
    }
    chat.begun()
        .ifPresent(
            begun ->
                record.setContinuation(
                    ContinuationRecord.newBuilder()
                        .setThinking(begun.thinking())
                        .setText(begun.text())));
    return record.build();
  }

  private static MessageRecord encode(ChatMessage message) {
    MessageRecord.Builder record =
        MessageRecord.newBuilder()
            .setRole(Codes.of(ChatMessage.Role.class, message.role()))
            .setContent(message.content())
            .setThinking(message.thinking())
            .setToolName(message.tool())
            .setToolCallId(message.toolCallId());
    for (String image : message.images()) {
      record.addImages(ByteString.copyFrom(Base64.getDecoder().decode(image)));
    }
    message.toolCalls().forEach(call -> record.addToolCalls(encode(call)));
    return record.build();
  }

  static ToolCallRecord encode(ToolCall call) {
    return ToolCallRecord.newBuilder()
        .setIndex(call.index())
        .setId(call.id())
        .setName(call.name())
        .setArguments(call.arguments())
        .build();
  }

  static ToolCall decode(ToolCallRecord call) {
    return new ToolCall(call.getIndex(), call.getId(), call.getName(), call.getArguments());
  }

  private static SamplingRecord encode(Sampling sampling) {
    SamplingRecord.Builder record = SamplingRecord.newBuilder();
    sampling.maxTokens().ifPresent(record::setMaxTokens);
    sampling.temperature().ifPresent(record::setTemperature);
    sampling.topP().ifPresent(record::setTopP);
    sampling.topK().ifPresent(record::setTopK);
    sampling.minP().ifPresent(record::setMinP);
    sampling.penalties().presence().ifPresent(record::setPresencePenalty);
    sampling.penalties().frequency().ifPresent(record::setFrequencyPenalty);
    sampling.penalties().repeat().ifPresent(record::setRepeatPenalty);
    sampling.seed().ifPresent(record::setSeed);
    sampling.logprobs().ifPresent(record::setLogprobs);
    return record.addAllStop(sampling.stop()).build();
  }

  private static CompletionRecord encode(TaskSpec.Completion completion) {
    CompletionRecord.Builder record =
        CompletionRecord.newBuilder()
            .setModel(completion.model())
            .setPrompt(completion.prompt())
            .setRaw(completion.raw())
            .setSampling(encode(completion.sampling()))
            .addAllLabels(Label.texts(completion.labels()));
    completion.suffix().ifPresent(record::setSuffix);
    return record.build();
  }

  private static EmbeddingRecord encode(TaskSpec.Embedding embedding) {
    EmbeddingRecord.Builder record =
        EmbeddingRecord.newBuilder()
            .setModel(embedding.model())
            .addAllInputs(embedding.inputs())
            .setTruncate(embedding.truncate())
            .addAllLabels(Label.texts(embedding.labels()));
    embedding.dimensions().ifPresent(record::setDimensions);
    return record.build();
  }

  private static CodeRecord encode(TaskSpec.Code code) {
    CodeLimits limits = code.limits();
    CodeRecord.Builder record =
        CodeRecord.newBuilder()
            .setLanguage(Codes.of(Language.class, code.language()))
            .setSource(code.source())
            .addAllArgs(code.args())
            .setStdin(ByteString.copyFrom(code.stdin().toArray()))
            .addAllCollect(code.collect())
            .setWallMs(limits.wall().toMillis())
            .setMemoryBytes(limits.memoryBytes())
            .setProcesses(limits.processes())
            .setDiskBytes(limits.diskBytes())
            .setOutputBytes(limits.outputBytes())
            .addAllLabels(Label.texts(code.labels()));
    for (CodeFile file : code.files()) {
      record.addFiles(
          FileRecord.newBuilder()
              .setPath(file.path())
              .setContent(ByteString.copyFrom(file.content().toArray()))
              .setExecutable(file.executable()));
    }
    code.snapshot()
        .ifPresent(
            snapshot ->
                record.setSnapshot(
                    SnapshotRecord.newBuilder()
                        .setDigest(ByteString.copyFrom(snapshot.digest().bytes()))
                        .setSize(snapshot.bytes())
                        .addAllWithout(snapshot.without())));
    return record.build();
  }

  /** Reads a task. */
  public static TaskSpec decode(byte[] bytes) throws MalformedFrameException {
    try {
      TaskSpecRecord spec = TaskSpecRecord.parseFrom(bytes);
      return switch (spec.getKindCase()) {
        case CHAT -> decode(spec.getChat());
        case COMPLETION -> decode(spec.getCompletion());
        case EMBEDDING -> decode(spec.getEmbedding());
        case CODE -> decode(spec.getCode());
        case KIND_NOT_SET -> throw new MalformedFrameException("a task of an unknown kind");
      };
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a task cannot be read");
    }
  }

  private static TaskSpec decode(ChatRecord chat) throws MalformedFrameException {
    List<ChatMessage> messages = new ArrayList<>();
    for (MessageRecord message : chat.getMessagesList()) {
      messages.add(decode(message));
    }
    ChatOptions options =
        new ChatOptions(
            chat.getToolsList().stream()
                .map(tool -> new Tool(tool.getName(), tool.getDescription(), tool.getParameters()))
                .toList(),
            chat.hasToolChoice() ? chat.getToolChoice() : ChatOptions.AUTO,
            chat.hasFormat() ? Optional.of(chat.getFormat()) : Optional.empty(),
            chat.hasThink() ? Optional.of(chat.getThink()) : Optional.empty());
    return new TaskSpec.Chat(
        chat.getModel(),
        Label.all(chat.getLabelsList(), Label.OF_REQUEST_MAX),
        messages,
        decode(chat.getSampling()),
        options,
        chat.hasContinuation()
            ? Optional.of(
                new Continuation(
                    chat.getContinuation().getThinking(), chat.getContinuation().getText()))
            : Optional.empty());
  }

  private static ChatMessage decode(MessageRecord message) throws MalformedFrameException {
    return new ChatMessage(
        Codes.to(ChatMessage.Role.class, message.getRole()),
        message.getContent(),
        message.getThinking(),
        message.getImagesList().stream()
            .map(image -> Base64.getEncoder().encodeToString(image.toByteArray()))
            .toList(),
        message.getToolCallsList().stream().map(SpecCodec::decode).toList(),
        message.getToolName(),
        message.getToolCallId());
  }

  private static Sampling decode(SamplingRecord record) {
    return new Sampling(
        integer(record.hasMaxTokens(), record.getMaxTokens()),
        decimal(record.hasTemperature(), record.getTemperature()),
        decimal(record.hasTopP(), record.getTopP()),
        integer(record.hasTopK(), record.getTopK()),
        decimal(record.hasMinP(), record.getMinP()),
        new Sampling.Penalties(
            decimal(record.hasPresencePenalty(), record.getPresencePenalty()),
            decimal(record.hasFrequencyPenalty(), record.getFrequencyPenalty()),
            decimal(record.hasRepeatPenalty(), record.getRepeatPenalty())),
        record.hasSeed() ? OptionalLong.of(record.getSeed()) : OptionalLong.empty(),
        record.getStopList(),
        integer(record.hasLogprobs(), record.getLogprobs()));
  }

  private static OptionalInt integer(boolean given, int value) {
    return given ? OptionalInt.of(value) : OptionalInt.empty();
  }

  private static OptionalDouble decimal(boolean given, double value) {
    return given ? OptionalDouble.of(value) : OptionalDouble.empty();
  }

  private static TaskSpec decode(CompletionRecord completion) {
    return new TaskSpec.Completion(
        completion.getModel(),
        Label.all(completion.getLabelsList(), Label.OF_REQUEST_MAX),
        completion.getPrompt(),
        completion.hasSuffix() ? Optional.of(completion.getSuffix()) : Optional.empty(),
        completion.getRaw(),
        decode(completion.getSampling()));
  }

  private static TaskSpec decode(CodeRecord code) throws MalformedFrameException {
    return new TaskSpec.Code(
        Codes.to(Language.class, code.getLanguage()),
        Label.all(code.getLabelsList(), Label.OF_REQUEST_MAX),
        code.getSource(),
        code.getArgsList(),
        Bytes.of(code.getStdin().toByteArray()),
        code.getFilesList().stream()
            .map(
                file ->
                    new CodeFile(
                        file.getPath(),
                        Bytes.of(file.getContent().toByteArray()),
                        file.getExecutable()))
            .toList(),
        code.getCollectList(),
        new CodeLimits(
            Duration.ofMillis(code.getWallMs()),
            code.getMemoryBytes(),
            code.getProcesses(),
            code.getDiskBytes(),
            code.getOutputBytes()),
        code.hasSnapshot() ? Optional.of(decode(code.getSnapshot())) : Optional.empty());
  }

  private static Snapshot decode(SnapshotRecord snapshot) {
    return new Snapshot(
        BlobDigest.ofBytes(snapshot.getDigest().toByteArray()),
        snapshot.getSize(),
        snapshot.getWithoutList());
  }

  private static TaskSpec decode(EmbeddingRecord embedding) {
    return new TaskSpec.Embedding(
        embedding.getModel(),
        Label.all(embedding.getLabelsList(), Label.OF_REQUEST_MAX),
        embedding.getInputsList(),
        integer(embedding.hasDimensions(), embedding.getDimensions()),
        embedding.getTruncate());
  }
}
