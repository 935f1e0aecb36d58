package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waggle.crypto.Identity;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CreditsTest {
  private static final Identity ANNA = seed(1);
  private static final Identity BEN = seed(2);
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

  private @TempDir Path directory;

  private static Identity seed(int first) {
    byte[] seed = new byte[Identity.SEED_BYTES];
    seed[0] = (byte) first;
    return Identity.ofSeed(seed);
  }

  private static Work work(int seconds, boolean gpu, long parameters, int demand) {
    return new Work(
        10,
        20,
        30,
        40,
        Duration.ZERO,
        Duration.ZERO,
        Duration.ofSeconds(seconds),
        gpu,
        parameters,
        demand,
        "stop");
  }

  private static ReceiptBody body(String claim, Identity worker, Identity requester, Work work) {
    return new ReceiptBody(
        new byte[32],
        "0".repeat(32),
        claim,
        requester.peerId(),
        worker.peerId(),
        "m",
        "sha256:00",
        "",
        work,
        Instant.EPOCH,
        Instant.EPOCH,
        new byte[32],
        List.of());
  }

  private static Observation seen(int seconds) {
    return new Observation(40, Duration.ofMillis(1), Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @CsvSource({
    "10, false, 8000, 100, 10",
    "10, true, 8000, 100, 40",
    "10, false, 7000, 100, 10",
    "10, false, 6999, 100, 7",
    "10, false, 3000, 100, 7",
    "10, false, 1500, 100, 5",
    "10, false, 1499, 100, 3",
    "10, false, 0, 100, 3",
    "10, false, 8000, 50, 8",
    "10, false, 8000, 51, 10",
    "10, false, 8000, 101, 12.5",
    "10, false, 8000, 200, 12.5",
    "10, false, 8000, 201, 16",
    "10, true, 1500, 201, 32"
  })
  void credits_followTheFormula(
      int seconds, boolean gpu, long parameters, int demand, double credits) {
    ReceiptBody receipt = body("c", ANNA, BEN, work(seconds, gpu, parameters, demand));
    assertThat(Credits.of(receipt, seen(60))).isCloseTo(credits, within(1e-9));
  }

  @Test
  void workerThatSaysMoreThanWentBy_earnsWhatWentBy_andNobodyEarnsOfHimself() {
    ReceiptBody long60 = body("c", ANNA, BEN, work(60, false, 8_000, 100));
    assertThat(Credits.of(long60, seen(10))).isCloseTo(10, within(1e-9));
    assertThat(Credits.of(body("c", ANNA, ANNA, work(60, true, 8_000, 300)), seen(60))).isZero();
  }

  @Test
  void statement_addsUpReceiptsOfAPeriod_andNothingElse() throws Exception {
    try (H2Ledger ledger =
        H2Ledger.open(directory.resolve("ledger.mv.db"), ANNA, Clock.fixed(NOON, ZoneOffset.UTC))) {
      for (int i = 0; i < 3; i++) {
        Receipt half =
            Receipt.byWorker(
                body("%032d".formatted(i), BEN, ANNA, work(10, false, 8_000, 100)), BEN);
        ledger.record(half.countersign(ANNA, seen(60)), true).get(10, TimeUnit.SECONDS);
      }
      Receipt own =
          Receipt.byWorker(body("%032d".formatted(9), ANNA, ANNA, work(9, true, 1, 1)), ANNA);
      ledger.record(own.countersign(ANNA, seen(60)), false).get(10, TimeUnit.SECONDS);
      // An attempt is one-sided, and so is a receipt that only its worker signed.
      Receipt half = Receipt.byWorker(body("x", BEN, ANNA, work(99, true, 8_000, 300)), BEN);
      ledger.append(EntryType.RECEIPT, BEN.peerId(), half.bytes()).get(10, TimeUnit.SECONDS);
      ledger
          .append(
              EntryType.ATTEMPT,
              ANNA.peerId(),
              new Attempt("t", BEN.peerId(), "m", "it was gone").bytes())
          .get(10, TimeUnit.SECONDS);

      Statement all = Statement.of(ledger, Instant.EPOCH, NOON.plusSeconds(1));
      assertThat(all.lines()).hasSize(2);
      Statement.Line ben = all.lines().get(BEN.peerId());
      assertThat(ben).isEqualTo(new Statement.Line(3, 0, 30, 0, 30, 60));
      assertThat(all.lines().get(ANNA.peerId())).isEqualTo(new Statement.Line(0, 3, 0, 30, 0, 0));
      assertThat(Statement.of(ledger, Instant.EPOCH, NOON).lines()).isEmpty();
      assertThat(Statement.of(ledger, NOON.plusSeconds(1), Instant.MAX).lines()).isEmpty();
    }
  }

  @Test
  void code_isWorthItsSeconds_andItsReceiptSaysHowItWasVerified() throws Exception {
    ReceiptBody body =
        new ReceiptBody(
            new byte[32],
            "0".repeat(32),
            "c",
            BEN.peerId(),
            ANNA.peerId(),
            "sandbox/python",
            "sha256:00",
            "",
            work(10, false, 0, 100),
            Instant.EPOCH,
            Instant.EPOCH,
            new byte[32],
            List.of());
    assertThat(Credits.of(body, seen(10))).isCloseTo(10, within(1e-9));
    Observation compared =
        new Observation(40, Duration.ZERO, Duration.ofSeconds(1), "compared with another");
    Receipt receipt = Receipt.byWorker(body, ANNA).countersign(BEN, compared);
    assertThat(Receipt.parse(receipt.bytes()).observation()).isEqualTo(compared);
    assertThat(receipt.verifyBoth()).isTrue();
  }
}
