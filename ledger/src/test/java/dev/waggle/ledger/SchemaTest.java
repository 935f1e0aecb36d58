package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files that earlier versions wrote. */
@Timeout(60)
class SchemaTest {
  private @TempDir Path directory;

  /** 300 facts of {@link H2LedgerTest#NODE}, two receipts, the first undelivered, and a result. */
  @Test
  void firstSchema_isBroughtUpToDate_withAllThatIsInIt() throws Exception {
    Path file = directory.resolve("ledger.mv.db");
    try (InputStream packed = SchemaTest.class.getResourceAsStream("schema-1.mv.db.gz")) {
      Files.copy(new GZIPInputStream(packed), file);
    }
    try (H2Ledger ledger = H2Ledger.open(file, H2LedgerTest.NODE, Clock.systemUTC())) {
      assertThat(ledger.verify((checked, total) -> {}))
          .isEqualTo(new Verification(303, 2, Optional.empty()));
      assertThat(ledger.entries(300, 1).get(0).payload()).asString().isEqualTo("fact 300");
      assertThat(ledger.receiptOf(H2LedgerTest.body(1).task())).hasValue(301);
      assertThat(ledger.pendingSettlements(10)).hasSize(1);
      assertThat(ledger.dispute(Instant.now()).get(10, TimeUnit.SECONDS)).isEqualTo(1);
      assertThat(ledger.prove(7, ledger.head()).holds()).isTrue();
      ledger
          .append(EntryType.JOIN, H2LedgerTest.NODE.peerId(), new byte[1])
          .get(10, TimeUnit.SECONDS);
      assertThat(ledger.verify((checked, total) -> {}).fault()).isEmpty();
    }
  }
}
