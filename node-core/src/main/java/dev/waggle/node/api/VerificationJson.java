package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.ledger.Verification;

/** What a check of a ledger found, as the API and the command line say it. */
public final class VerificationJson {
  private VerificationJson() {}

  /** Fields: valid, entries, receipts and, when something is wrong, badEntry and cause. */
  public static ObjectNode of(Verification found) {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("valid", found.valid())
            .put("entries", found.entries())
            .put("receipts", found.receipts());
    found
        .fault()
        .ifPresent(fault -> body.put("badEntry", fault.sequence()).put("cause", fault.cause()));
    return body;
  }
}
