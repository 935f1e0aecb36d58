package dev.waggle.node.cli;

import java.io.Console;
import java.io.PrintStream;

/** How far long work has come, for who sits before a terminal. Prints nothing elsewhere. */
final class ProgressBar implements AutoCloseable {
  private static final int CELLS = 30;
  private static final long STEP_NANOS = 100_000_000;

  private final PrintStream terminal;
  private final boolean shown;
  private long last = System.nanoTime();
  private boolean begun;

  ProgressBar() {
    this(System.err, isTerminal());
  }

  /**
   * @param shown whether anybody looks
   */
  ProgressBar(PrintStream terminal, boolean shown) {
    this.terminal = terminal;
    this.shown = shown;
  }

  // What is asked below tells the two apart.
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      // Since JDK 22 there is a console without a terminal, too.
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }

  /** So much of all is done. */
  void at(long done, long total) {
    long now = System.nanoTime();
    if (!shown || total <= 0 || (now - last < STEP_NANOS && !(begun && done == total))) {
      return;
    }
    last = now;
    begun = true;
    int full = (int) (CELLS * Math.min(done, total) / total);
    terminal.printf(
        "\r[%s%s] %3d %%  %,d of %,d",
        "#".repeat(full), ".".repeat(CELLS - full), 100 * done / total, done, total);
    terminal.flush();
  }

  /** Leaves the line. */
  @Override
  public void close() {
    if (begun) {
      terminal.println();
    }
  }
}
