package dev.waggle.ledger;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.ledger.wire.DisputeRecord;

/**
 * The payload of an {@link EntryType#DISPUTED} entry. A receipt that comes later still counts.
 *
 * @param result the entry of the result whose receipt did not come
 */
public record Dispute(long result) {
  byte[] bytes() {
    return DisputeRecord.newBuilder().setResult(result).build().toByteArray();
  }

  /**
   * Reads such a payload.
   *
   * @throws LedgerException if it is not one
   */
  public static Dispute parse(byte[] bytes) throws LedgerException {
    try {
      return new Dispute(DisputeRecord.parseFrom(bytes).getResult());
    } catch (InvalidProtocolBufferException e) {
      throw new LedgerException("its payload is no dispute", e);
    }
  }
}
