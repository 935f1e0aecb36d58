package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.PeerId;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class CreditAccountTest {
  private static final Identity SELF = H2LedgerTest.NODE;
  private static final Identity ANNA = H2LedgerTest.WORKER;
  private static final PeerId OWES = ANNA.peerId();
  private static final Offset<Double> EXACT = within(1e-9);

  private final Moving clock = new Moving();
  private @TempDir Path directory;
  private H2Ledger ledger;

  /** A clock that the test sets. */
  private static final class Moving extends Clock {
    private Instant now = Instant.parse("2026-11-21T12:00:00Z");

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneId.of("UTC");
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @BeforeEach
  void open() throws Exception {
    ledger = H2Ledger.open(directory.resolve("ledger.mv.db"), SELF, clock);
  }

  @AfterEach
  void close() {
    ledger.close();
  }

  /** Ten seconds on a GPU with a large model and one task for each slot: 40 credits. */
  private static Receipt half(Identity worker, Identity requester, int claim) {
    Work work =
        new Work(
            1,
            1,
            1,
            1,
            Duration.ZERO,
            Duration.ofSeconds(4),
            Duration.ofSeconds(6),
            true,
            8_000,
            100,
            "stop");
    return Receipt.byWorker(
        new ReceiptBody(
            new byte[32],
            String.format("%032x", claim),
            String.format("%032x", claim),
            requester.peerId(),
            worker.peerId(),
            "m",
            "d",
            "",
            work,
            Instant.ofEpochMilli(1),
            Instant.ofEpochMilli(2),
            new byte[32],
            List.of()),
        worker);
  }

  private static Observation seen(int seconds) {
    return new Observation(1, Duration.ZERO, Duration.ofSeconds(seconds));
  }

  private double owed(CreditAccount account) {
    account.follow();
    return account.owedBy(OWES);
  }

  @Test
  void account_hasWhatWasDoneLessWhatWasGiven_ofTheLastDay() throws Exception {
    CreditAccount account = new CreditAccount(ledger, SELF.peerId(), clock);
    assertThat(owed(account)).isZero();

    Receipt done = half(SELF, ANNA, 1);
    ledger.result(done).get(10, TimeUnit.SECONDS);
    assertThat(owed(account)).as("who never signs owes, too").isEqualTo(40, EXACT);
    ledger.record(done.countersign(ANNA, seen(5)), false).get(10, TimeUnit.SECONDS);
    assertThat(owed(account)).as("what both say, once").isEqualTo(20, EXACT);
    ledger.result(done).get(10, TimeUnit.SECONDS);
    assertThat(owed(account)).as("the worker's word, late").isEqualTo(20, EXACT);

    ledger.record(half(ANNA, SELF, 2).countersign(SELF, seen(10)), false).get(10, TimeUnit.SECONDS);
    assertThat(owed(account)).isEqualTo(-20, EXACT);
    ledger.record(half(SELF, SELF, 3).countersign(SELF, seen(10)), false).get(10, TimeUnit.SECONDS);
    assertThat(owed(account)).as("nobody owes himself").isEqualTo(-20, EXACT);
    assertThat(owed(new CreditAccount(ledger, SELF.peerId(), clock))).isEqualTo(-20, EXACT);

    clock.now = clock.now.plus(CreditAccount.PERIOD).plusSeconds(1);
    assertThat(owed(account)).isEqualTo(0, EXACT);
    assertThat(owed(new CreditAccount(ledger, SELF.peerId(), clock))).isZero();
  }
}
