package dev.waggle.node.cli;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;

/** Times as people write them: 30m, 24h or 7d. */
final class TimeText {
  private TimeText() {}

  /**
   * Reads one.
   *
   * @param option to be named when it is wrong
   */
  static Duration parse(String option, String text) throws CommandException {
    String upper = text.toUpperCase(Locale.ROOT);
    try {
      return Duration.parse(upper.endsWith("D") ? "P" + upper : "PT" + upper);
    } catch (DateTimeParseException e) {
      throw new CommandException(
          ExitCode.USAGE, option + " takes a time like 30m, 24h or 7d, not \"" + text + "\"", e);
    }
  }
}
