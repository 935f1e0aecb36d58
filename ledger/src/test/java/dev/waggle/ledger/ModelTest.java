package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waggle.ledger.tlog.Frontier;
import dev.waggle.ledger.tlog.MerkleHash;
import dev.waggle.ledger.tlog.MerkleProof;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is done to a ledger, it answers as a plain list of the same facts does. */
@Timeout(120)
class ModelTest {
  private static final int STEPS = 400;
  private static final int BATCH_MAX = 40;

  /** What a ledger is, without a disk. */
  private static final class Model {
    final List<byte[]> facts = new ArrayList<>();
    final List<Boolean> forgotten = new ArrayList<>();
    final TreeSet<Integer> receipts = new TreeSet<>();
    final TreeSet<Long> undelivered = new TreeSet<>();
    final List<byte[]> roots = new ArrayList<>(List.of(MerkleHash.empty()));
    final Frontier tree = new Frontier();

    void add(LedgerEntry entry) {
      facts.add(entry.payload());
      forgotten.add(false);
      tree.add(MerkleHash.leaf(entry.bytes()));
      roots.add(tree.root());
    }

    long size() {
      return facts.size();
    }
  }

  private final Model model = new Model();
  private @TempDir Path directory;
  private H2Ledger ledger;

  @BeforeEach
  void open() throws Exception {
    ledger =
        H2Ledger.open(
            directory.resolve("ledger.mv.db"),
            "file:",
            H2LedgerTest.NODE,
            Clock.systemUTC(),
            () -> Long.MAX_VALUE,
            512 << 10);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void ledger_isTheListThatItShouldBe(long seed) throws Exception {
    Random random = new Random(seed);
    try {
      for (int step = 0; step < STEPS; step++) {
        switch (random.nextInt(10)) {
          case 0 -> {
            ledger.close();
            open();
          }
          case 1 -> forget();
          case 2, 3 -> receipt(random.nextInt(60), random.nextBoolean());
          case 4 -> settle();
          case 5 -> proofs(random);
          default -> append(random, 1 + random.nextInt(BATCH_MAX));
        }
        assertThat(ledger.head().checkpoint().size()).as("step %d", step).isEqualTo(model.size());
        assertThat(ledger.head().checkpoint().root())
            .isEqualTo(model.roots.get((int) model.size()));
        page(random);
      }
      assertThat(ledger.verify((checked, total) -> {}))
          .satisfies(found -> assertThat(found.fault()).isEmpty())
          .satisfies(found -> assertThat(found.entries()).isEqualTo(model.size()));
    } finally {
      ledger.close();
    }
  }

  private void append(Random random, int count) throws Exception {
    List<CompletableFuture<LedgerEntry>> writes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] fact = new byte[random.nextInt(300)];
      random.nextBytes(fact);
      writes.add(ledger.append(EntryType.JOIN, H2LedgerTest.NODE.peerId(), fact));
    }
    for (CompletableFuture<LedgerEntry> each : writes) {
      LedgerEntry entry = each.get(10, TimeUnit.SECONDS);
      assertThat(entry.sequence()).isEqualTo(model.size() + 1);
      model.add(entry);
    }
  }

  private void receipt(int claim, boolean deliver) throws Exception {
    LedgerEntry entry =
        ledger.record(H2LedgerTest.receipt(claim), deliver).get(10, TimeUnit.SECONDS);
    if (model.receipts.add(claim)) {
      model.add(entry);
      if (deliver) {
        model.undelivered.add(entry.sequence());
      }
    } else {
      assertThat(entry.sequence()).as("the same receipt again").isLessThanOrEqualTo(model.size());
    }
  }

  private void settle() throws Exception {
    assertThat(ledger.pendingSettlements(1_000))
        .extracting(Settlement::sequence)
        .containsExactlyElementsOf(model.undelivered);
    if (!model.undelivered.isEmpty()) {
      ledger.settled(model.undelivered.pollFirst()).get(10, TimeUnit.SECONDS);
    }
  }

  private void forget() throws Exception {
    long before = model.size();
    ledger.forget(Instant.now().plusSeconds(1)).get(10, TimeUnit.SECONDS);
    for (int i = 0; i < before; i++) {
      model.forgotten.set(i, model.forgotten.get(i) || !model.undelivered.contains(i + 1L));
    }
    if (before > 0) {
      model.add(ledger.entries(before + 1, 1).get(0));
    }
  }

  private void page(Random random) {
    long from = 1L + random.nextInt((int) model.size() + 5);
    int most = 1 + random.nextInt(20);
    List<LedgerEntry> page = ledger.entries(from, most);
    assertThat((long) page.size()).isEqualTo(Math.max(0, Math.min(most, model.size() - from + 1)));
    for (LedgerEntry each : page) {
      int index = (int) each.sequence() - 1;
      assertThat(each.forgotten()).as("entry %d", index + 1).isEqualTo(model.forgotten.get(index));
      assertThat(each.payload()).isEqualTo(each.forgotten() ? new byte[0] : model.facts.get(index));
    }
  }

  private void proofs(Random random) {
    if (model.size() == 0) {
      return;
    }
    long later = 1L + random.nextInt((int) model.size());
    long earlier = random.nextInt((int) later + 1);
    assertThat(
            MerkleProof.continues(
                earlier,
                model.roots.get((int) earlier),
                later,
                model.roots.get((int) later),
                ledger.consistency(earlier, later)))
        .isTrue();
    long entry = 1L + random.nextInt((int) later);
    EntryProof proof = ledger.prove(entry, ledger.checkpoint(later));
    assertThat(proof.holds()).isTrue();
    assertThat(proof.checkpoint().checkpoint().root()).isEqualTo(model.roots.get((int) later));
  }
}
