package dev.waggle.ledger;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.ledger.wire.ForgottenRecord;

/**
 * The payload of an {@link EntryType#FORGET} entry: which payloads this node forgot, so that a
 * missing one is told from a lost one.
 *
 * @param until the last entry whose payload may be gone
 */
public record Forgotten(long until) {
  byte[] bytes() {
    return ForgottenRecord.newBuilder().setUntil(until).build().toByteArray();
  }

  /**
   * Reads such a payload.
   *
   * @throws LedgerException if it is not one
   */
  public static Forgotten parse(byte[] bytes) throws LedgerException {
    try {
      return new Forgotten(ForgottenRecord.parseFrom(bytes).getUntil());
    } catch (InvalidProtocolBufferException e) {
      throw new LedgerException("its payload does not say what was forgotten", e);
    }
  }
}
