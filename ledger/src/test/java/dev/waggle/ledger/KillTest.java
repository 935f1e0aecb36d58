package dev.waggle.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process is killed at random moments while it appends, again and again on one file. {@code
 * -Dkill.rounds=200} does it longer.
 */
class KillTest {
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 20);
  private static final int LINES_MAX = 600;
  private static final long SEED = 7;

  private @TempDir Path directory;

  @Test
  @Timeout(900)
  void killedProcess_losesNothingAcknowledged_andNeedsNoRepair() throws Exception {
    Random random = new Random(SEED);
    Path file = directory.resolve("ledger.mv.db");
    Map<Long, String> acknowledged = new HashMap<>();
    long next = 1;
    for (int round = 0; round < ROUNDS; round++) {
      acknowledged.putAll(untilItIsKilled(file, "round" + round, random.nextInt(LINES_MAX)));
      try (H2Ledger ledger = H2Ledger.open(file, LedgerVictim.identity(), Clock.systemUTC())) {
        List<LedgerEntry> found = ledger.entries(next, Integer.MAX_VALUE);
        for (LedgerEntry each : found) {
          String fact = new String(each.payload(), StandardCharsets.UTF_8);
          String known = acknowledged.remove(each.sequence());
          assertThat(known == null || known.equals(fact)).as("entry %d", each.sequence()).isTrue();
          next = each.sequence() + 1;
        }
        assertThat(acknowledged).as("lost in round %d of seed %d", round, SEED).isEmpty();
        assertThat(ledger.verify((checked, total) -> {}).fault()).isEmpty();
      }
    }
    assertThat(next).isGreaterThan(ROUNDS);
  }

  /** What it said was acknowledged, before it was killed after so many lines. */
  private static Map<Long, String> untilItIsKilled(Path file, String name, int lines)
      throws Exception {
    Process victim =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                LedgerVictim.class.getName(),
                file.toString(),
                name)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Map<Long, String> acknowledged = new HashMap<>();
    try (BufferedReader out = victim.inputReader(StandardCharsets.UTF_8)) {
      String line;
      boolean killed = false;
      while ((line = out.readLine()) != null) {
        String[] words = line.split(" ", 2);
        acknowledged.put(Long.parseLong(words[0]), words[1]);
        if (!killed && acknowledged.size() > lines) {
          // By its handle: the process object would close the pipe before all was read.
          victim.toHandle().destroyForcibly();
          killed = true;
        }
      }
    } finally {
      victim.destroyForcibly();
    }
    assertThat(victim.waitFor(10, TimeUnit.SECONDS)).isTrue();
    return acknowledged;
  }
}
