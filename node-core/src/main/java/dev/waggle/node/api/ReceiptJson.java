package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.ledger.ReceiptBody;

/** A receipt in JSON, as the API and the command line print it. */
public final class ReceiptJson {
  private ReceiptJson() {}

  /** Adds what a receipt says. */
  public static void describe(ObjectNode target, ReceiptBody body) {
    target.put("task", body.task()).put("requester", body.requester().toString());
    target.put("worker", body.worker().toString()).put("model", body.model());
    target.put("modelDigest", body.modelDigest()).put("promptTokens", body.work().promptTokens());
    target.put("outputTokens", body.work().outputTokens());
    if (!body.job().isEmpty()) {
      target.put("job", body.job());
    }
    ArrayNode labels = target.putArray("labels");
    body.labels().forEach(labels::add);
  }
}
