package dev.waggle.ledger;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.wire.ClaimedRecord;
import java.time.Instant;

/** A worker's signed word for a claim, as the requester keeps it. */
public record Claimed(ClaimPromise promise) {
  private static final int VERSION = 1;

  /** The payload of an {@link EntryType#CLAIM} entry. */
  public byte[] bytes() {
    return ClaimedRecord.newBuilder()
        .setVersion(VERSION)
        .setSwarm(ByteString.copyFrom(promise.swarm()))
        .setTask(promise.task())
        .setClaim(promise.claim())
        .setWorker(ByteString.copyFrom(promise.worker().multihash()))
        .setRequester(ByteString.copyFrom(promise.requester().multihash()))
        .setExpiryMs(promise.expiry().toEpochMilli())
        .setPublicKey(ByteString.copyFrom(promise.publicKey()))
        .setModel(promise.model())
        .setModelDigest(promise.modelDigest())
        .setSignature(ByteString.copyFrom(promise.signature()))
        .build()
        .toByteArray();
  }

  /**
   * Reads such a payload. Nothing is verified by that.
   *
   * @throws LedgerException if it is not one
   */
  public static Claimed parse(byte[] bytes) throws LedgerException {
    try {
      ClaimedRecord record = ClaimedRecord.parseFrom(bytes);
      if (record.getVersion() != VERSION) {
        throw new LedgerException(
            "a claim of version " + record.getVersion() + " is not supported");
      }
      return new Claimed(
          new ClaimPromise(
              record.getSwarm().toByteArray(),
              record.getTask(),
              record.getClaim(),
              PeerId.ofMultihash(record.getWorker().toByteArray()),
              PeerId.ofMultihash(record.getRequester().toByteArray()),
              Instant.ofEpochMilli(record.getExpiryMs()),
              record.getPublicKey().toByteArray(),
              record.getModel(),
              record.getModelDigest(),
              record.getSignature().toByteArray()));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new LedgerException("its payload is not a claim", e);
    }
  }
}
