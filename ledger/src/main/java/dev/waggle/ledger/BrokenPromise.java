package dev.waggle.ledger;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.ClaimPromise;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.wire.BrokenPromiseRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Proof that a worker broke its word: what it signed when it took a claim, and the receipt that it
 * signed for the same claim, which says something else. Anybody can check it with nothing but these
 * bytes.
 */
public record BrokenPromise(ClaimPromise promise, Receipt receipt) {
  /** The longest form, in bytes. */
  public static final int BYTES_MAX = Receipt.BYTES_MAX + 2_048;

  private static final int VERSION = 1;

  /** Whose word it was. */
  public PeerId accused() {
    return promise.worker();
  }

  /**
   * What the two say differently, for people; empty when they prove nothing: they agree, are not
   * for one claim, or one is not signed by the worker.
   */
  public List<String> contradictions() {
    ReceiptBody body = receipt.body();
    boolean ofOneClaim =
        body.claim().equals(promise.claim()) && body.worker().equals(promise.worker());
    if (!ofOneClaim || !promise.isSigned() || !receipt.verifyWorker()) {
      return List.of();
    }
    List<String> found = new ArrayList<>();
    compare(found, "the task", promise.task(), body.task());
    compare(found, "the requester", promise.requester(), body.requester());
    compare(found, "the model", promise.model(), body.model());
    compare(found, "the model's digest", promise.modelDigest(), body.modelDigest());
    if (!Arrays.equals(promise.swarm(), body.swarm())) {
      found.add("the swarm is another");
    }
    return found;
  }

  private static void compare(List<String> found, String what, Object promised, Object receipted) {
    if (!promised.equals(receipted)) {
      found.add(what + " was to be " + promised + ", and was " + receipted);
    }
  }

  /** The bytes to keep or pass on. */
  public byte[] bytes() {
    return BrokenPromiseRecord.newBuilder()
        .setVersion(VERSION)
        .setPromise(ByteString.copyFrom(new Claimed(promise).bytes()))
        .setReceipt(ByteString.copyFrom(receipt.bytes()))
        .build()
        .toByteArray();
  }

  /**
   * Reads one. Nothing is verified by that.
   *
   * @throws MalformedReceiptException if the bytes are none
   */
  public static BrokenPromise parse(byte[] bytes) throws MalformedReceiptException {
    if (bytes.length > BYTES_MAX) {
      throw new MalformedReceiptException("that is too long for evidence");
    }
    try {
      BrokenPromiseRecord record = BrokenPromiseRecord.parseFrom(bytes);
      if (record.getVersion() != VERSION) {
        throw new MalformedReceiptException(
            "evidence of version " + record.getVersion() + " is not supported");
      }
      return new BrokenPromise(
          Claimed.parse(record.getPromise().toByteArray()).promise(),
          Receipt.parse(record.getReceipt().toByteArray()));
    } catch (InvalidProtocolBufferException | LedgerException e) {
      throw new MalformedReceiptException("the bytes are no evidence");
    }
  }
}
