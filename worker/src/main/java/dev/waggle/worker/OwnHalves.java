package dev.waggle.worker;

import dev.waggle.ledger.Ledger;
import dev.waggle.ledger.Receipt;
import dev.waggle.mesh.libp2p.RecentMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This worker's halves of receipts. The last ones are remembered, because the receipts that come
 * back have them: a signature of its own is not checked then. Thread-safe.
 */
final class OwnHalves {
  private static final Logger log = LoggerFactory.getLogger(OwnHalves.class);
  private static final int REMEMBERED_MAX = 1_024;

  private final Ledger ledger;
  private final Map<String, Receipt> byClaim = new RecentMap<>(REMEMBERED_MAX);

  OwnHalves(Ledger ledger) {
    this.ledger = ledger;
  }

  /** Nobody waits for it: the receipt that comes back says it again. */
  void record(Receipt half) {
    synchronized (this) {
      byClaim.put(half.body().claim(), half);
    }
    ledger
        .result(half)
        .exceptionally(
            failure -> {
              log.warn("a result was not recorded: {}", failure.getMessage());
              return null;
            });
  }

  /** Whether both sides signed a receipt that came back. */
  boolean isSigned(Receipt receipt) {
    Receipt half;
    synchronized (this) {
      half = byClaim.remove(receipt.body().claim());
    }
    if (half != null) {
      receipt.recognize(half);
    }
    return receipt.verifyBoth();
  }
}
