package dev.waggle.worker;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.ReceiptBody;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.Bytes;
import dev.waggle.mesh.swarm.exchange.Chunk;
import dev.waggle.mesh.swarm.exchange.KeepId;
import dev.waggle.mesh.swarm.exchange.Outcome;
import dev.waggle.mesh.swarm.exchange.TaskResult;
import dev.waggle.mesh.swarm.pb.KeptRecord;
import dev.waggle.mesh.swarm.wire.ExchangeCodec;
import java.util.ArrayList;
import java.util.List;

/** Kept results, as bytes: chunks and end as they travel. */
final class KeptCodec {
  static final int VERSION = 1;

  private KeptCodec() {}

  /** A whole result, and whose it is. */
  record Named(KeptName name, KeptResults.Kept kept) {}

  /**
   * Begins its bytes.
   *
   * @param half the worker's half of the receipt, which says what it took
   */
  static KeptRecord encode(Named result, Receipt half) {
    KeptResults.Ending ending = result.kept().ending();
    TaskResult end =
        new TaskResult(new Outcome.Done(ending.reason()), ending.usage(), half.bytes());
    KeptRecord.Builder record =
        KeptRecord.newBuilder()
            .setVersion(VERSION)
            .setRequester(ByteString.copyFrom(result.name().requester().multihash()))
            .setKeep(result.name().keep().value())
            .setTaskSha256(ByteString.copyFrom(result.name().task().toArray()))
            .setResult(ByteString.copyFrom(ExchangeCodec.encode(end)));
    for (Chunk each : result.kept().chunks()) {
      record.addChunks(ByteString.copyFrom(ExchangeCodec.encode(each)));
    }
    return record.build();
  }

  /** Reads what {@link #encode} made. */
  static Named decode(byte[] bytes) throws MalformedFrameException {
    try {
      KeptRecord record = KeptRecord.parseFrom(bytes);
      if (record.getVersion() != VERSION) {
        throw new MalformedFrameException(
            "its format is " + record.getVersion() + ", not " + VERSION);
      }
      KeptName name =
          new KeptName(
              PeerId.ofMultihash(record.getRequester().toByteArray()),
              new KeepId(record.getKeep()),
              Bytes.of(record.getTaskSha256().toByteArray()));
      List<Chunk> chunks = new ArrayList<>();
      for (ByteString each : record.getChunksList()) {
        chunks.add(ExchangeCodec.decodeChunk(each.toByteArray()));
      }
      TaskResult end = ExchangeCodec.decodeResult(record.getResult().toByteArray());
      return new Named(name, new KeptResults.Kept(chunks, ending(end)));
    } catch (InvalidProtocolBufferException
        | IllegalArgumentException
        | MalformedReceiptException e) {
      throw new MalformedFrameException("it is no result");
    }
  }

  private static KeptResults.Ending ending(TaskResult end)
      throws MalformedFrameException, MalformedReceiptException {
    if (!(end.outcome() instanceof Outcome.Done done)) {
      throw new MalformedFrameException("it is a result that did not end well");
    }
    ReceiptBody body = Receipt.parse(end.receipt()).body();
    return new KeptResults.Ending(
        body.work(), end.usage(), done.reason(), body.started(), body.finished());
  }
}
