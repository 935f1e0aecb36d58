package dev.waggle.ledger;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.waggle.ledger.wire.OfferedRecord;
import java.util.List;

/**
 * What a member asked this node to run, and this node gave a place to.
 *
 * @param model the model that runs here for it
 * @param labels what the request had to have
 * @param taskBytes the size of the task, rounded up as it was offered
 */
public record Offered(String task, String claim, String model, List<String> labels, int taskBytes) {
  public Offered {
    labels = List.copyOf(labels);
  }

  /** The payload of an {@link EntryType#OFFER} entry. */
  public byte[] bytes() {
    return OfferedRecord.newBuilder()
        .setTask(task)
        .setClaim(claim)
        .setModel(model)
        .addAllLabels(labels)
        .setSize(taskBytes)
        .build()
        .toByteArray();
  }

  /**
   * Reads such a payload.
   *
   * @throws LedgerException if it is not one
   */
  public static Offered parse(byte[] bytes) throws LedgerException {
    try {
      OfferedRecord record = OfferedRecord.parseFrom(bytes);
      return new Offered(
          record.getTask(),
          record.getClaim(),
          record.getModel(),
          record.getLabelsList(),
          record.getSize());
    } catch (InvalidProtocolBufferException e) {
      throw new LedgerException("its payload is not an offer", e);
    }
  }
}
