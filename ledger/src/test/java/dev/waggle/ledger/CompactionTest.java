package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waggle.ledger.tlog.MerkleProof;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The file is written anew while it is used. */
@Timeout(120)
class CompactionTest {
  private static final long MIN = 1L << 20;
  private static final Executor OWN_THREAD = task -> new Thread(task).start();
  private static final int WRITERS = 4;
  private static final int EACH = 1_500;

  private final Random random = new Random(11);

  private @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("ledger.mv.db");
  }

  private H2Ledger open() throws Exception {
    return open(MIN, () -> Long.MAX_VALUE, Clock.systemUTC());
  }

  private H2Ledger open(long wasteMax, LongSupplier space, Clock clock) throws Exception {
    return H2Ledger.open(file, "file:", H2LedgerTest.NODE, clock, space, wasteMax);
  }

  private CompletableFuture<LedgerEntry> append(H2Ledger ledger, int bytes) {
    byte[] payload = new byte[bytes];
    random.nextBytes(payload);
    return ledger.append(EntryType.JOIN, H2LedgerTest.NODE.peerId(), payload);
  }

  @Test
  void fileThatGrows_isMadeSmaller_whileItIsWrittenAndRead() throws Exception {
    try (H2Ledger ledger = open()) {
      append(ledger, 10).get(10, TimeUnit.SECONDS);
      SignedCheckpoint early = ledger.head();
      AtomicBoolean over = new AtomicBoolean();
      CompletableFuture<Void> reading =
          CompletableFuture.runAsync(
              () -> {
                while (!over.get()) {
                  SignedCheckpoint head = ledger.head();
                  assertThat(ledger.prove(1, head).holds()).isTrue();
                  assertThat(ledger.entries(1, 5)).isNotEmpty();
                }
              },
              OWN_THREAD);
      List<CompletableFuture<Void>> writing = new ArrayList<>();
      for (int w = 0; w < WRITERS; w++) {
        writing.add(
            CompletableFuture.runAsync(
                () -> {
                  for (int i = 0; i < EACH; i++) {
                    append(ledger, 20).join();
                  }
                },
                OWN_THREAD));
      }
      CompletableFuture.allOf(writing.toArray(CompletableFuture[]::new)).get(90, TimeUnit.SECONDS);
      over.set(true);
      reading.get(10, TimeUnit.SECONDS);

      // One commit of one row writes more than 8 KiB.
      assertThat(Files.size(file)).isLessThan((long) WRITERS * EACH / 2 * (8 << 10));
      assertThat(ledger.head().checkpoint().size()).isEqualTo(1 + WRITERS * EACH);
      assertThat(ledger.verify((checked, total) -> {}).fault()).isEmpty();
      long size = ledger.head().checkpoint().size();
      assertThat(
              MerkleProof.continues(
                  early.checkpoint().size(),
                  early.checkpoint().root(),
                  size,
                  ledger.head().checkpoint().root(),
                  ledger.consistency(1, size)))
          .isTrue();
    }
    try (H2Ledger again = open()) {
      assertThat(again.entries(1, Integer.MAX_VALUE)).hasSize(1 + WRITERS * EACH);
      append(again, 10).get(10, TimeUnit.SECONDS);
    }
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void fileAtRest_isMadeSmaller_longBeforeABusyOne() throws Exception {
    long wasteMax = 8 * MIN;
    AtomicReference<Duration> passed = new AtomicReference<>(Duration.ZERO);
    InstantSource time = () -> Instant.now().plus(passed.get());
    try (H2Ledger ledger = open(wasteMax, () -> Long.MAX_VALUE, time.withZone(ZoneOffset.UTC))) {
      for (int i = 0; i < 120; i++) {
        append(ledger, 10).get(10, TimeUnit.SECONDS);
      }
      assertThat(Files.size(file)).isBetween(600L << 10, wasteMax / 2);
      passed.set(LedgerWriter.REST);
      await().until(() -> Files.size(file) < 300 << 10);
      assertThat(ledger.verify((checked, total) -> {}).fault()).isEmpty();
    }
  }

  @Test
  void fullDisk_isNotFilledByACopy() throws Exception {
    AtomicLong left = new AtomicLong(LedgerWriter.SPACE_MIN);
    try (H2Ledger ledger = open(MIN, left::get, Clock.systemUTC())) {
      for (int i = 0; i < 60; i++) {
        append(ledger, 10 << 10).get(10, TimeUnit.SECONDS);
      }
      ledger.forget(Instant.now().plus(Duration.ofSeconds(1))).get(10, TimeUnit.SECONDS);
      long before = Files.size(file);
      append(ledger, 10).get(10, TimeUnit.SECONDS);
      assertThat(Files.size(file)).isGreaterThan(before);
      assertThat(directory.resolve("ledger.new.mv.db")).doesNotExist();
      left.set(Long.MAX_VALUE);
      await().until(() -> Files.size(file) < 200 << 10);
    }
  }

  @Test
  void forgottenPayloads_freeTheirSpaceOnDisk() throws Exception {
    try (H2Ledger ledger = open()) {
      for (int i = 0; i < 60; i++) {
        append(ledger, 10 << 10).get(10, TimeUnit.SECONDS);
      }
      assertThat(Files.size(file)).isGreaterThan(600 << 10);
      long forgotten =
          ledger.forget(Instant.now().plus(Duration.ofSeconds(1))).get(10, TimeUnit.SECONDS);
      assertThat(forgotten).isGreaterThanOrEqualTo(60);
      await().until(() -> Files.size(file) < 200 << 10);
      assertThat(ledger.verify((checked, total) -> {}).fault()).isEmpty();
    }
  }

  @Test
  void copyThatACrashLeft_isDeleted() throws Exception {
    open().close();
    Path left = directory.resolve("ledger.new.mv.db");
    Files.writeString(left, "half of it");
    try (H2Ledger ledger = open()) {
      assertThat(left).doesNotExist();
      append(ledger, 10).get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void receiptsAndWhatIsOwed_areThereAfterwards() throws Exception {
    Receipt receipt = H2LedgerTest.receipt(1);
    Receipt owed = Receipt.byWorker(H2LedgerTest.body(2), H2LedgerTest.WORKER);
    try (H2Ledger ledger = open()) {
      ledger.record(receipt, true).get(10, TimeUnit.SECONDS);
      ledger.result(owed).get(10, TimeUnit.SECONDS);
      long largest = 0;
      while (Files.size(file) >= largest) {
        largest = Files.size(file);
        append(ledger, 10).get(10, TimeUnit.SECONDS);
      }
      assertThat(largest).isGreaterThan(MIN);
      assertThat(ledger.receiptOf(receipt.body().task())).hasValue(1);
      assertThat(ledger.pendingSettlements(10)).hasSize(1);
      assertThat(ledger.record(receipt, true).get(10, TimeUnit.SECONDS).sequence()).isEqualTo(1);
      assertThat(ledger.dispute(Instant.now().plusSeconds(1)).get(10, TimeUnit.SECONDS))
          .isEqualTo(1);
    }
  }
}
