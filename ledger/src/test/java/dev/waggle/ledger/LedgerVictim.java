package dev.waggle.ledger;

import dev.waggle.crypto.Identity;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.TimeUnit;

/**
 * A process that appends as fast as it can, says what was acknowledged, and is going to be killed.
 */
final class LedgerVictim {
  private static final int WRITERS = 8;

  /** So small that many of them are killed while they write their file anew. */
  private static final long COMPACT_MIN = 256 << 10;

  private LedgerVictim() {}

  /** Whose ledger it is. */
  static Identity identity() {
    return Identity.ofSeed(new byte[Identity.SEED_BYTES]);
  }

  public static void main(String[] arguments) throws Exception {
    H2Ledger ledger =
        H2Ledger.open(
            Path.of(arguments[0]),
            "file:",
            identity(),
            Clock.systemUTC(),
            () -> Long.MAX_VALUE,
            COMPACT_MIN);
    PrintStream out = System.out;
    for (int w = 0; w < WRITERS; w++) {
      String name = arguments[1] + "-" + w + "-";
      new Thread(
              () -> {
                try {
                  for (int i = 0; ; i++) {
                    byte[] fact = (name + i).getBytes(StandardCharsets.UTF_8);
                    LedgerEntry entry =
                        ledger
                            .append(EntryType.JOIN, identity().peerId(), fact)
                            .get(10, TimeUnit.SECONDS);
                    say(out, entry.sequence() + " " + name + i + "\n");
                  }
                } catch (Exception e) {
                  e.printStackTrace();
                  Runtime.getRuntime().halt(1);
                }
              })
          .start();
    }
  }

  /** In one write, so that a line is there whole or not at all. */
  private static void say(PrintStream out, String line) {
    byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
    synchronized (out) {
      out.write(bytes, 0, bytes.length);
      out.flush();
    }
  }
}
