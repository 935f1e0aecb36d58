package dev.waggle.mesh.swarm.blob;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.pb.BlobAnswer;
import dev.waggle.mesh.swarm.pb.BlobQuestion;
import dev.waggle.mesh.swarm.pb.DescribedModel;
import dev.waggle.mesh.swarm.pb.GgufFile;
import dev.waggle.mesh.swarm.pb.HashPage;
import dev.waggle.mesh.swarm.pb.ModelName;
import java.time.Duration;

/** {@value #PROTOCOL}: its messages, as bytes. */
public final class BlobProtocol {
  /** The protocol's name. */
  public static final String PROTOCOL = "/waggle/blob/1";

  private static final int MARGIN_BYTES = 64;

  /** The longest question: a model's name and digest. */
  static final int QUESTION_BYTES_MAX = 4 << 10;

  /** The longest answer but a piece: a page of hashes. */
  static final int ANSWER_BYTES_MAX = BlobRequest.HASHES_MAX * BlobDigest.BYTES + MARGIN_BYTES;

  /** The longest answer to a read. */
  static final int PIECE_FRAME_BYTES_MAX = BlobReply.Piece.BYTES_MAX + MARGIN_BYTES;

  private BlobProtocol() {}

  static BlobQuestion encode(BlobRequest request) {
    BlobQuestion.Builder encoded = BlobQuestion.newBuilder();
    if (request instanceof BlobRequest.Describe describe) {
      encoded.setDescribe(
          ModelName.newBuilder().setName(describe.model()).setDigest(describe.digest()));
    } else if (request instanceof BlobRequest.Hashes hashes) {
      encoded.setHashes(encode(hashes.digest(), hashes.range()));
    } else if (request instanceof BlobRequest.Read read) {
      encoded.setRead(encode(read.digest(), read.range()));
    }
    return encoded.build();
  }

  private static dev.waggle.mesh.swarm.pb.BlockRange encode(BlobDigest digest, BlockRange range) {
    return dev.waggle.mesh.swarm.pb.BlockRange.newBuilder()
        .setDigest(ByteString.copyFrom(digest.bytes()))
        .setFrom(range.from())
        .setCount(range.count())
        .build();
  }

  static BlobRequest request(byte[] frame) throws MalformedFrameException {
    try {
      BlobQuestion question = BlobQuestion.parseFrom(frame);
      return switch (question.getKindCase()) {
        case DESCRIBE ->
            new BlobRequest.Describe(
                question.getDescribe().getName(), question.getDescribe().getDigest());
        case HASHES ->
            new BlobRequest.Hashes(digest(question.getHashes()), range(question.getHashes()));
        case READ -> new BlobRequest.Read(digest(question.getRead()), range(question.getRead()));
        case KIND_NOT_SET -> throw new MalformedFrameException("an unknown question");
      };
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("a question about content cannot be read");
    }
  }

  private static BlobDigest digest(dev.waggle.mesh.swarm.pb.BlockRange asked) {
    return BlobDigest.ofBytes(asked.getDigest().toByteArray());
  }

  private static BlockRange range(dev.waggle.mesh.swarm.pb.BlockRange asked) {
    return new BlockRange(asked.getFrom(), asked.getCount());
  }

  static BlobAnswer encode(BlobReply reply) {
    BlobAnswer.Builder encoded = BlobAnswer.newBuilder();
    if (reply instanceof BlobReply.Model model) {
      encoded.setModel(encode(model.manifest()));
    } else if (reply instanceof BlobReply.Hashes hashes) {
      encoded.setHashes(
          HashPage.newBuilder()
              .setSize(hashes.sizeBytes())
              .setHashes(ByteString.copyFrom(hashes.hashes())));
    } else if (reply instanceof BlobReply.Piece piece) {
      encoded.setPiece(ByteString.copyFrom(piece.bytes()));
    } else if (reply instanceof BlobReply.Preparing preparing) {
      encoded.setPreparingMs((int) preparing.retryAfter().toMillis());
    } else if (reply instanceof BlobReply.Refused refused) {
      encoded.setRefused(refused.reason().code());
    }
    return encoded.build();
  }

  private static DescribedModel encode(ModelManifest manifest) {
    DescribedModel.Builder encoded = DescribedModel.newBuilder().setName(manifest.name());
    if (manifest instanceof ModelManifest.Ollama ollama) {
      encoded.setOllamaManifest(ByteString.copyFrom(ollama.document()));
    } else if (manifest instanceof ModelManifest.Gguf gguf) {
      encoded.setGguf(
          GgufFile.newBuilder()
              .setDigest(ByteString.copyFrom(gguf.digest().bytes()))
              .setSize(gguf.sizeBytes()));
    }
    return encoded.build();
  }

  static BlobReply reply(byte[] frame) throws MalformedFrameException {
    try {
      BlobAnswer answer = BlobAnswer.parseFrom(frame);
      return switch (answer.getKindCase()) {
        case MODEL -> new BlobReply.Model(manifest(answer.getModel()));
        case HASHES ->
            new BlobReply.Hashes(
                answer.getHashes().getSize(), answer.getHashes().getHashes().toByteArray());
        case PIECE -> new BlobReply.Piece(answer.getPiece().toByteArray());
        case PREPARING_MS -> new BlobReply.Preparing(Duration.ofMillis(answer.getPreparingMs()));
        case REFUSED ->
            // A reason that a later version invented.
            new BlobReply.Refused(
                BlobReply.Reason.ofCode(answer.getRefused()).orElse(BlobReply.Reason.NOT_SHARED));
        case KIND_NOT_SET -> throw new MalformedFrameException("an unknown answer");
      };
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new MalformedFrameException("an answer about content cannot be read");
    }
  }

  private static ModelManifest manifest(DescribedModel model) throws MalformedFrameException {
    return switch (model.getKindCase()) {
      case OLLAMA_MANIFEST ->
          new ModelManifest.Ollama(model.getName(), model.getOllamaManifest().toByteArray());
      case GGUF ->
          new ModelManifest.Gguf(
              model.getName(),
              BlobDigest.ofBytes(model.getGguf().getDigest().toByteArray()),
              model.getGguf().getSize());
      case KIND_NOT_SET -> throw new MalformedFrameException("an unknown kind of model");
    };
  }
}
