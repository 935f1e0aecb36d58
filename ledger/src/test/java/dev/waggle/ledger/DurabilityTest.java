package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.waggle.crypto.Identity;
import dev.waggle.ledger.file.DatabaseFile;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is left after a power cut, and what happens on a full disk. */
@Timeout(120)
class DurabilityTest {
  private static final Verification.Progress QUIET = (checked, total) -> {};
  private static final int CUTS = 20;
  private static final int BETWEEN_CUTS = 150;
  private static final int KILLS = 150;

  private final Identity identity = Identity.generate(new SecureRandom());
  private final AtomicLong space = new AtomicLong(Long.MAX_VALUE);

  private @TempDir Path directory;

  @BeforeEach
  void register() {
    FaultyDisk.register();
  }

  @AfterEach
  void heal() {
    FaultyDisk.full(false);
  }

  private Path file(String name) {
    return directory.resolve(name + ".mv.db").toAbsolutePath();
  }

  private H2Ledger open(String name) throws Exception {
    return H2Ledger.open(
        file(name),
        FaultyDisk.SCHEME + ":",
        identity,
        Clock.systemUTC(),
        space::get,
        Compactor.WASTE_MAX);
  }

  private CompletableFuture<LedgerEntry> append(H2Ledger ledger, String fact) {
    return ledger.append(EntryType.JOIN, identity.peerId(), fact.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void powerCut_atAnyMoment_losesNothingAcknowledged() throws Exception {
    Map<Long, String> acknowledged = new ConcurrentHashMap<>();
    try (H2Ledger ledger = open("ledger")) {
      for (int cut = 0; cut < CUTS; cut++) {
        for (int i = 0; i < BETWEEN_CUTS; i++) {
          String fact = cut + "/" + i;
          append(ledger, fact).thenAccept(entry -> acknowledged.put(entry.sequence(), fact));
        }
        // Somewhere in the middle of it.
        append(ledger, "last of " + cut).get(10, TimeUnit.SECONDS);
        append(ledger, "under way " + cut);
        Map<Long, String> known = Map.copyOf(acknowledged);
        Files.write(file("left" + cut), FaultyDisk.leftOf(file("ledger")));
        requireAll(file("left" + cut), known);
      }
    }
  }

  /**
   * Every state that a killed process can leave, a change at a time: a chunk without the header
   * that names it, a file that is being closed. The chunks are old enough for H2 to reuse them.
   */
  @Test
  void killAfterAnyChangeOfTheFile_losesNothingAcknowledged() throws Exception {
    List<Integer> acknowledged = new ArrayList<>();
    try (H2Ledger ledger = open("ledger")) {
      try (Connection connection =
              DatabaseFile.open(
                      file("ledger"), FaultyDisk.SCHEME + ":", "dev/waggle/ledger/migration")
                  .connect();
          Statement statement = connection.createStatement()) {
        statement.execute("SET RETENTION_TIME 20");
      }
      for (int i = 0; i < KILLS; i++) {
        CompletableFuture<LedgerEntry> other = append(ledger, "other " + i);
        append(ledger, "one " + i).get(10, TimeUnit.SECONDS);
        other.get(10, TimeUnit.SECONDS);
        acknowledged.add(FaultyDisk.changes());
      }
    }
    List<FaultyDisk.Change> changes = FaultyDisk.changesOf(file("ledger"));
    assertThat(changes).hasSizeGreaterThan(KILLS);
    try (RandomAccessFile image = new RandomAccessFile(file("image").toFile(), "rw")) {
      for (int i = 0; i < changes.size(); i++) {
        changes.get(i).apply(image);
        int done = i + 1;
        long known = acknowledged.stream().filter(at -> at <= done).count();
        if (known > 0) {
          Path left = file("killed" + i);
          Files.copy(file("image"), left);
          try (H2Ledger ledger = H2Ledger.open(left, identity, Clock.systemUTC())) {
            assertThat(ledger.entries(1, Integer.MAX_VALUE))
                .as("after change %d of %d", done, changes.size())
                .hasSizeGreaterThanOrEqualTo(2 * (int) known);
          }
          Files.delete(left);
        }
      }
    }
  }

  private void requireAll(Path left, Map<Long, String> known) throws Exception {
    try (H2Ledger ledger = H2Ledger.open(left, identity, Clock.systemUTC())) {
      assertThat(ledger.verify(QUIET).fault()).isEmpty();
      Map<Long, String> found = new ConcurrentHashMap<>();
      for (LedgerEntry each : ledger.entries(1, Integer.MAX_VALUE)) {
        found.put(each.sequence(), new String(each.payload(), StandardCharsets.UTF_8));
      }
      assertThat(found).containsAllEntriesOf(known);
      // It goes on without repair.
      append(ledger, "after").get(10, TimeUnit.SECONDS);
    }
  }

  /** The disk of these tests drops what a plain commit of H2 leaves in memory. */
  @Test
  void commitWithoutSync_isLost_soThatTheTestCanFail() throws Exception {
    String base = file("plain").toString().replaceAll("\\.mv\\.db$", "");
    String url = "jdbc:h2:" + FaultyDisk.SCHEME + ":" + base;
    try (Connection connection = DriverManager.getConnection(url, "waggle", "");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE fact (id INT PRIMARY KEY)");
      statement.execute("CHECKPOINT SYNC");
      byte[] before = FaultyDisk.leftOf(file("plain"));
      statement.execute("INSERT INTO fact VALUES (1)");
      assertThat(FaultyDisk.leftOf(file("plain"))).isEqualTo(before);
      statement.execute("CHECKPOINT SYNC");
      assertThat(FaultyDisk.leftOf(file("plain"))).isNotEqualTo(before);
    }
  }

  @Test
  void fullDisk_refusesWrites_keepsWhatIsThere_andGoesOnByItself() throws Exception {
    try (H2Ledger ledger = open("ledger")) {
      append(ledger, "one").get(10, TimeUnit.SECONDS);
      space.set(LedgerWriter.SPACE_MIN - 1);
      assertThatThrownBy(() -> append(ledger, "two").get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("32 MiB left (make room)");
      assertThat(ledger.writable()).isFalse();
      assertThat(ledger.entries(1, 10)).hasSize(1);
      space.set(Long.MAX_VALUE);
      await().until(ledger::writable);
      assertThat(append(ledger, "three").get(10, TimeUnit.SECONDS).sequence()).isEqualTo(2);
      assertThat(ledger.verify(QUIET).valid()).isTrue();
    }
  }

  @Test
  void diskThatFailsInTheMiddle_losesNothingAcknowledged_andGoesOnByItself() throws Exception {
    try (H2Ledger ledger = open("ledger")) {
      for (int round = 1; round <= 3; round++) {
        append(ledger, "before " + round).get(10, TimeUnit.SECONDS);
        FaultyDisk.full(true);
        assertThatThrownBy(() -> append(ledger, "lost").get(10, TimeUnit.SECONDS))
            .isInstanceOf(ExecutionException.class)
            .hasMessageContaining("cannot write to disk");
        assertThat(ledger.writable()).isFalse();
        FaultyDisk.full(false);
        await().until(ledger::writable);
      }
      assertThat(append(ledger, "last").get(10, TimeUnit.SECONDS).sequence())
          .isGreaterThanOrEqualTo(4);
      assertThat(ledger.verify(QUIET).fault()).isEmpty();
      assertThat(ledger.entries(1, 10))
          .extracting(each -> new String(each.payload(), StandardCharsets.UTF_8))
          .contains("before 1", "before 2", "before 3", "last");
    }
  }
}
