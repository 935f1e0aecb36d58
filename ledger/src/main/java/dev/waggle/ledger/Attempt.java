package dev.waggle.ledger;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.wire.AttemptRecord;

/**
 * An attempt that came to nothing, as its requester saw it. One-sided, so it earns nobody anything.
 *
 * @param cause why, fit for people; cut to {@value #CAUSE_CHARACTERS_MAX} characters
 */
public record Attempt(String task, PeerId worker, String model, String cause) {
  /** The longest cause, in characters. */
  public static final int CAUSE_CHARACTERS_MAX = 500;

  public Attempt {
    if (cause.length() > CAUSE_CHARACTERS_MAX) {
      cause = cause.substring(0, CAUSE_CHARACTERS_MAX);
    }
  }

  /** The payload of an {@link EntryType#ATTEMPT} entry. */
  public byte[] bytes() {
    return AttemptRecord.newBuilder()
        .setTask(task)
        .setWorker(ByteString.copyFrom(worker.multihash()))
        .setModel(model)
        .setCause(cause)
        .build()
        .toByteArray();
  }

  /**
   * Reads such a payload.
   *
   * @throws LedgerException if it is not one
   */
  public static Attempt parse(byte[] bytes) throws LedgerException {
    try {
      AttemptRecord attempt = AttemptRecord.parseFrom(bytes);
      return new Attempt(
          attempt.getTask(),
          PeerId.ofMultihash(attempt.getWorker().toByteArray()),
          attempt.getModel(),
          attempt.getCause());
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new LedgerException("its payload is not an attempt", e);
    }
  }
}
