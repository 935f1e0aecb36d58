package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.ledger.tlog.MerkleProof;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class H2LedgerTest {
  private static final Work WORK =
      new Work(
          3,
          4,
          5,
          6,
          Duration.ZERO,
          Duration.ofMillis(5),
          Duration.ofMillis(6),
          true,
          7_600,
          50,
          "stop");
  private static final Observation OBSERVED =
      new Observation(6, Duration.ofMillis(7), Duration.ofMillis(20));
  static final Identity NODE = identity(1);
  static final Identity WORKER = identity(2);
  private static final Verification.Progress QUIET = (checked, total) -> {};

  @TempDir private Path directory;

  private static Identity identity(int value) {
    byte[] seed = new byte[Identity.SEED_BYTES];
    seed[0] = (byte) value;
    return Identity.ofSeed(seed);
  }

  private Path file() {
    return directory.resolve("ledger.mv.db");
  }

  private H2Ledger open() throws LedgerException {
    return H2Ledger.open(file(), NODE, Clock.systemUTC());
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  static ReceiptBody body(int claim) {
    return new ReceiptBody(
        new byte[32],
        String.format("%032x", 7),
        String.format("%032x", claim),
        NODE.peerId(),
        WORKER.peerId(),
        "m",
        "sha256:00",
        "",
        WORK,
        Instant.ofEpochMilli(1),
        Instant.ofEpochMilli(2),
        new byte[32],
        List.of("team-a"));
  }

  static Receipt receipt(int claim) {
    return Receipt.byWorker(body(claim), WORKER).countersign(NODE, OBSERVED);
  }

  private static byte[] payload(int value) {
    return ("fact " + value).getBytes(StandardCharsets.UTF_8);
  }

  private void sql(String statement) throws SQLException {
    String url = "jdbc:h2:file:" + directory.resolve("ledger");
    try (Connection connection = DriverManager.getConnection(url, "waggle", "");
        Statement change = connection.createStatement()) {
      change.execute(statement);
    }
  }

  private void fill(int entries) throws Exception {
    try (H2Ledger ledger = open()) {
      for (int i = 1; i < entries; i++) {
        get(ledger.append(EntryType.JOIN, WORKER.peerId(), payload(i)));
      }
      get(ledger.record(receipt(1), false));
    }
  }

  @Test
  void entries_areKeptInOrder_andVerify_acrossRestarts() throws Exception {
    for (int round = 0; round < 3; round++) {
      try (H2Ledger ledger = open()) {
        for (int i = 0; i < 10; i++) {
          LedgerEntry entry =
              get(ledger.append(EntryType.JOIN, WORKER.peerId(), payload(round * 10 + i)));
          assertThat(entry.sequence()).isEqualTo(round * 10 + i + 1);
        }
        Verification verification = ledger.verify(QUIET);
        assertThat(verification.fault()).isEmpty();
        assertThat(verification.entries()).isEqualTo(round * 10 + 10);
      }
    }
    try (H2Ledger ledger = open()) {
      List<LedgerEntry> entries = ledger.entries(1, 100);
      assertThat(entries).hasSize(30);
      assertThat(entries.get(29).payload()).isEqualTo(payload(29));
      assertThat(ledger.entries(29, 100)).hasSize(2);
      assertThat(ledger.entries(31, 100)).isEmpty();
      assertThat(ledger.head().checkpoint().size()).isEqualTo(30);
      assertThat(ledger.head().isSigned()).isTrue();
      assertThat(ledger.head().checkpoint().log()).isEqualTo(NODE.peerId());
    }
  }

  @Test
  void emptyLedger_verifies() throws Exception {
    try (H2Ledger ledger = open()) {
      assertThat(ledger.verify(QUIET)).isEqualTo(new Verification(0, 0, Optional.empty()));
      assertThat(ledger.head().checkpoint().size()).isZero();
    }
    assertThat(LedgerVerifier.verify(file(), NODE.peerId(), QUIET).valid()).isTrue();
  }

  @Test
  void manyWritersAtOnce_makeOneChain_underFewerHeads() throws Exception {
    int writers = 16;
    int each = 200;
    try (H2Ledger ledger = open()) {
      List<CompletableFuture<LedgerEntry>> all = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        Thread thread =
            new Thread(
                () -> {
                  for (int i = 0; i < each; i++) {
                    var future = ledger.append(EntryType.JOIN, WORKER.peerId(), payload(i));
                    synchronized (all) {
                      all.add(future);
                    }
                  }
                });
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      for (CompletableFuture<LedgerEntry> future : all) {
        get(future);
      }
      assertThat(all.stream().map(future -> future.join().sequence()).distinct())
          .hasSize(writers * each);
      assertThat(ledger.verify(QUIET).entries()).isEqualTo((long) writers * each);
      assertThat(ledger.verify(QUIET).valid()).isTrue();
    }
  }

  @Test
  void receipt_isRecordedOnce_andDeliveredUntilSettled() throws Exception {
    long sequence;
    try (H2Ledger ledger = open()) {
      sequence = get(ledger.record(receipt(1), true)).sequence();
      assertThat(get(ledger.record(receipt(1), true)).sequence()).isEqualTo(sequence);
      assertThat(ledger.head().checkpoint().size()).isEqualTo(sequence);
      Receipt other =
          Receipt.byWorker(
                  new ReceiptBody(
                      new byte[32],
                      body(1).task(),
                      body(1).claim(),
                      NODE.peerId(),
                      WORKER.peerId(),
                      "another model",
                      "sha256:00",
                      "",
                      WORK,
                      Instant.EPOCH,
                      Instant.EPOCH,
                      new byte[32],
                      List.of()),
                  WORKER)
              .countersign(NODE, OBSERVED);
      assertThatThrownBy(() -> get(ledger.record(other, true)))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(LedgerException.class)
          .hasMessageContaining("another receipt");
    }
    try (H2Ledger ledger = open()) {
      assertThat(ledger.pendingSettlements(10))
          .singleElement()
          .satisfies(
              settlement -> {
                assertThat(settlement.sequence()).isEqualTo(sequence);
                assertThat(settlement.worker()).isEqualTo(WORKER.peerId());
                assertThat(settlement.receipt().bytes()).isEqualTo(receipt(1).bytes());
              });
      get(ledger.settled(sequence));
      assertThat(ledger.pendingSettlements(10)).isEmpty();
      Verification verification = ledger.verify(QUIET);
      assertThat(verification.valid()).isTrue();
      assertThat(verification.receipts()).isEqualTo(1);
    }
  }

  @Test
  void halfOrForgedReceipt_isRefused() throws Exception {
    try (H2Ledger ledger = open()) {
      Receipt half = Receipt.byWorker(body(1), WORKER);
      assertThat(half.verifyWorker()).isTrue();
      assertThat(half.verifyBoth()).isFalse();
      assertThatThrownBy(() -> get(ledger.record(half, false)))
          .hasMessageContaining("not signed by both");
      byte[] forged = receipt(1).bytes();
      forged[100] ^= 1;
      assertThatThrownBy(() -> get(ledger.record(Receipt.parse(forged), false)))
          .isInstanceOfAny(ExecutionException.class, MalformedReceiptException.class);
      assertThat(ledger.head().checkpoint().size()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "UPDATE entry SET bytes = (SELECT bytes FROM entry WHERE sequence = 2) WHERE sequence = 3 | 3 | hash",
        "UPDATE entry SET hash = (SELECT hash FROM entry WHERE sequence = 2) WHERE sequence = 3 | 3 | hash",
        "DELETE FROM entry WHERE sequence = 3 | 3 | missing",
        "DELETE FROM entry WHERE sequence = 5 | 5 | missing",
        "DELETE FROM entry WHERE sequence = 1 | 1 | missing",
        "UPDATE entry SET sequence = 9 WHERE sequence = 5 | 5 | missing",
        "DELETE FROM head WHERE sequence = 5 | 5 | no signed head",
        "UPDATE head SET signature = X'01' | 5 | not signed by",
        "UPDATE head SET root = (SELECT hash FROM entry WHERE sequence = 2) | 5 | another root",
        "UPDATE entry SET payload = X'00' WHERE sequence = 2 | 2 | payload"
      })
  void tampering_isFound_andNamed(String change, long sequence, String cause) throws Exception {
    fill(5);
    sql(change);
    Verification verification = LedgerVerifier.verify(file(), NODE.peerId(), QUIET);
    assertThat(verification.valid()).isFalse();
    assertThat(verification.fault().orElseThrow().sequence()).isEqualTo(sequence);
    assertThat(verification.fault().orElseThrow().cause()).contains(cause);
  }

  @Test
  void everyEntry_isProvedUnderEveryCheckpoint_whateverTilesThereAre() throws Exception {
    int entries = 2 * Tiles.WIDTH + 30;
    List<SignedCheckpoint> heads = new ArrayList<>();
    try (H2Ledger ledger = open()) {
      for (int i = 1; i <= entries; i++) {
        var last = ledger.append(EntryType.JOIN, WORKER.peerId(), payload(i));
        if (i % 50 == 0 || i == entries) {
          get(last);
          heads.add(ledger.head());
        }
      }
    }
    try (H2Ledger ledger = open()) {
      assertThat(ledger.verify(QUIET).fault()).isEmpty();
      for (SignedCheckpoint head : heads) {
        long size = head.checkpoint().size();
        assertThat(ledger.checkpoint(size).checkpoint()).isEqualTo(head.checkpoint());
        for (long sequence : new long[] {1, 2, 255, 256, 257, 512, 513, size}) {
          if (sequence <= size) {
            EntryProof proof = ledger.prove(sequence, head);
            assertThat(proof.entry().sequence()).isEqualTo(sequence);
            assertThat(proof.holds()).isTrue();
          }
        }
        for (SignedCheckpoint earlier : heads) {
          long before = earlier.checkpoint().size();
          if (before <= size) {
            assertThat(
                    MerkleProof.continues(
                        before,
                        earlier.checkpoint().root(),
                        size,
                        head.checkpoint().root(),
                        ledger.consistency(before, size)))
                .isTrue();
          }
        }
      }
      assertThatThrownBy(() -> ledger.prove(entries + 1, ledger.head()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no entry " + (entries + 1));
      assertThatThrownBy(() -> ledger.checkpoint(entries + 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("has " + entries + " entries");
    }
    sql("UPDATE tile SET root = (SELECT root FROM tile WHERE place = 0) WHERE place = 1");
    assertThat(LedgerVerifier.verify(file(), NODE.peerId(), QUIET).fault().orElseThrow().cause())
        .contains("tile 1 of level 0");
  }

  @Test
  void forgottenPayloads_leaveTheChainWhole_andTheirLossIsNoted() throws Exception {
    Instant later = Instant.now().plusSeconds(60);
    try (H2Ledger ledger = open()) {
      for (int i = 1; i <= 20; i++) {
        ledger.append(EntryType.JOIN, WORKER.peerId(), payload(i));
      }
      get(ledger.record(receipt(1), true));
      Receipt settled = receipt(2);
      get(ledger.settled(get(ledger.record(settled, true)).sequence()));
      SignedCheckpoint before = ledger.head();
      assertThat(get(ledger.forget(Instant.EPOCH))).isZero();
      assertThat(ledger.head().checkpoint().size()).isEqualTo(22);
      // All but the receipt that its worker does not have yet.
      assertThat(get(ledger.forget(later))).isEqualTo(21);
      assertThat(ledger.entries(1, 1).get(0).forgotten()).isTrue();
      assertThat(ledger.entries(1, 1).get(0).payload()).isEmpty();
      assertThat(ledger.entries(21, 1).get(0).forgotten()).isFalse();
      assertThat(ledger.pendingSettlements(10)).hasSize(1);
      assertThat(ledger.verify(QUIET).fault()).isEmpty();
      assertThat(ledger.prove(5, before).holds()).isTrue();
      // It is known, and may not be recorded again.
      assertThat(get(ledger.record(settled, true)).sequence()).isEqualTo(22);
      assertThat(ledger.entries(23, 1).get(0).type()).isEqualTo(EntryType.FORGET);
    }
    sql("UPDATE entry SET payload = NULL WHERE sequence = 23");
    assertThat(LedgerVerifier.verify(file(), NODE.peerId(), QUIET).fault().orElseThrow().cause())
        .contains("payload of entry 23 is gone, and was not forgotten");
  }

  @Test
  void resultWithoutReceipt_isDisputedOnce_andOneWithIsNot() throws Exception {
    Instant later = Instant.now().plusSeconds(60);
    try (H2Ledger ledger = open()) {
      get(ledger.result(Receipt.byWorker(body(1), WORKER)));
      get(ledger.result(Receipt.byWorker(body(2), WORKER)));
      get(ledger.record(receipt(2), false));
      assertThat(get(ledger.dispute(Instant.EPOCH))).isZero();
      assertThat(get(ledger.dispute(later))).isEqualTo(1);
      assertThat(get(ledger.dispute(later))).isZero();
      LedgerEntry disputed = ledger.entries(4, 1).get(0);
      assertThat(disputed.type()).isEqualTo(EntryType.DISPUTED);
      assertThat(disputed.actor()).isEqualTo(NODE.peerId());
      assertThat(Dispute.parse(disputed.payload()).result()).isEqualTo(1);
      // It comes after all, and counts.
      assertThat(get(ledger.record(receipt(1), false)).type()).isEqualTo(EntryType.RECEIPT);
      // A result that is noted after its receipt is owed nothing.
      get(ledger.result(Receipt.byWorker(body(1), WORKER)));
      assertThat(get(ledger.dispute(later))).isZero();
      assertThat(ledger.verify(QUIET).fault()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 17})
  void flippedBit_anywhereInTheFile_isFound_orLeavesABeginning(long seed) throws Exception {
    List<String> facts;
    try (H2Ledger ledger = open()) {
      // In few commits, so that the file has little that is of no use any more.
      List<CompletableFuture<LedgerEntry>> writes = new ArrayList<>();
      for (int i = 1; i < 600; i++) {
        writes.add(ledger.append(EntryType.JOIN, WORKER.peerId(), payload(i)));
      }
      writes.forEach(CompletableFuture::join);
      facts = facts(ledger);
    }
    byte[] good = Files.readAllBytes(file());
    Random random = new Random(seed);
    int found = 0;
    for (int i = 0; i < 40; i++) {
      byte[] bad = good.clone();
      int at = random.nextInt(bad.length);
      bad[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file(), bad);
      Optional<List<String>> left = leftOf();
      if (left.isEmpty()) {
        found++;
      } else {
        // Where H2 falls back to an earlier state of its file, the log is shorter, and good up to
        // there; that is what cosigned checkpoints are for.
        assertThat(facts.subList(0, left.get().size()))
            .as("byte %d of seed %d", at, seed)
            .isEqualTo(left.get());
      }
    }
    assertThat(found).isPositive();
  }

  /** What a ledger says whose check finds nothing; empty when it finds something. */
  private Optional<List<String>> leftOf() {
    try {
      if (!LedgerVerifier.verify(file(), NODE.peerId(), QUIET).valid()) {
        return Optional.empty();
      }
      try (H2Ledger ledger = open()) {
        // Opened for writing, H2 may choose another state of its file.
        return ledger.verify(QUIET).valid() ? Optional.of(facts(ledger)) : Optional.empty();
      }
    } catch (LedgerException | UncheckedIOException e) {
      return Optional.empty();
    }
  }

  private static List<String> facts(H2Ledger ledger) {
    return ledger.entries(1, 1_000).stream()
        .map(each -> each.sequence() + new String(each.payload(), StandardCharsets.ISO_8859_1))
        .toList();
  }

  @Test
  void note_comesWithTheNextCommit_orByItself_orAtTheEnd() throws Exception {
    try (H2Ledger ledger = open()) {
      ledger.note(EntryType.POLICY, NODE.peerId(), payload(1));
      get(ledger.append(EntryType.JOIN, NODE.peerId(), payload(2)));
      assertThat(ledger.entries(1, 10))
          .extracting(LedgerEntry::type)
          .containsExactlyInAnyOrder(EntryType.POLICY, EntryType.JOIN);
      ledger.note(EntryType.POLICY, NODE.peerId(), payload(3));
      await().until(() -> ledger.head().checkpoint().size() == 3);
      ledger.note(EntryType.POLICY, NODE.peerId(), payload(4));
    }
    try (H2Ledger ledger = open()) {
      assertThat(ledger.entries(1, 10)).hasSize(4);
    }
  }

  @Test
  void earlierFilePutBack_verifiesAlone_butIsAnotherLength() throws Exception {
    // Nothing inside one file can show this; checkpoints held by peers will.
    fill(5);
    byte[] then = Files.readAllBytes(file());
    fill(9);
    Files.write(file(), then);
    assertThat(LedgerVerifier.verify(file(), NODE.peerId(), QUIET).entries()).isEqualTo(5);
  }

  @Test
  void anothersLedger_isRefused_andDoesNotVerifyForThisNode() throws Exception {
    fill(2);
    assertThatThrownBy(() -> H2Ledger.open(file(), WORKER, Clock.systemUTC()))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("not signed by this node");
    assertThat(LedgerVerifier.verify(file(), WORKER.peerId(), QUIET).valid()).isFalse();
    assertThat(LedgerVerifier.verify(file(), NODE.peerId(), QUIET).valid()).isTrue();
  }

  @Test
  void missingOrForeignFile_isAClearError() throws Exception {
    assertThatThrownBy(() -> LedgerVerifier.verify(file(), NODE.peerId(), QUIET))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("does not exist");
    Files.writeString(file(), "this is no database".repeat(1_000));
    assertThatThrownBy(this::open)
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("damaged");
  }

  @Test
  void writesAfterClose_fail_insteadOfHanging() throws Exception {
    H2Ledger ledger = open();
    ledger.close();
    assertThatThrownBy(() -> get(ledger.append(EntryType.JOIN, NODE.peerId(), payload(1))))
        .hasMessageContaining("closed");
  }

  @Test
  void attempt_isReadBack_andItsCauseIsBounded() throws Exception {
    Attempt attempt = new Attempt("t", WORKER.peerId(), "m", "x".repeat(10_000));
    assertThat(Attempt.parse(attempt.bytes())).isEqualTo(attempt);
    assertThat(attempt.cause()).hasSize(Attempt.CAUSE_CHARACTERS_MAX);
    assertThatThrownBy(() -> Attempt.parse(new byte[] {1, 2, 3}))
        .isInstanceOf(LedgerException.class);
  }

  @Test
  void oversizedOrRandomReceipt_isRefused() {
    assertThatThrownBy(() -> Receipt.parse(new byte[Receipt.BYTES_MAX + 1]))
        .isInstanceOf(MalformedReceiptException.class)
        .hasMessageContaining("at most");
    assertThatThrownBy(() -> Receipt.parse(new byte[] {(byte) 0xff, 1, 2}))
        .isInstanceOf(MalformedReceiptException.class);
    assertThatThrownBy(() -> Receipt.parse(new byte[0]))
        .isInstanceOf(MalformedReceiptException.class)
        .hasMessageContaining("version 0");
  }
}
