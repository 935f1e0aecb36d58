package dev.waggle.worker.owner;

import java.time.DayOfWeek;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.format.DateTimeParseException;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hours of some days of the week, by the machine's own clock. A range that goes past midnight
 * belongs to the day on which it begins.
 *
 * @param from the first minute
 * @param to the minute after the last; equal to {@code from} for the whole day
 */
public record Hours(Set<DayOfWeek> days, LocalTime from, LocalTime to) {
  private static final List<String> NAMES =
      List.of("mon", "tue", "wed", "thu", "fri", "sat", "sun");
  private static final Pattern FORM =
      Pattern.compile("(?:([a-z]{3})(?:-([a-z]{3}))? )?([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})");

  public Hours {
    days = Set.copyOf(days);
  }

  /**
   * Reads a text like {@code mon-fri 18:00-08:00}, {@code sat 00:00-24:00} or {@code 22:00-06:00}.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Hours parse(String text) {
    Matcher form = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!form.matches()) {
      throw wrong(text);
    }
    try {
      return new Hours(
          days(text, form.group(1), form.group(2)),
          LocalTime.parse(form.group(3)),
          form.group(4).equals("24:00") ? LocalTime.MIDNIGHT : LocalTime.parse(form.group(4)));
    } catch (DateTimeParseException e) {
      throw wrong(text);
    }
  }

  private static Set<DayOfWeek> days(String text, String first, String last) {
    if (first == null) {
      return EnumSet.allOf(DayOfWeek.class);
    }
    int begin = NAMES.indexOf(first);
    int end = last == null ? begin : NAMES.indexOf(last);
    if (begin < 0 || end < 0) {
      throw wrong(text);
    }
    Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
    for (int i = begin; ; i = (i + 1) % NAMES.size()) {
      days.add(DayOfWeek.of(i + 1));
      if (i == end) {
        return days;
      }
    }
  }

  private static IllegalArgumentException wrong(String text) {
    return new IllegalArgumentException(
        "hours are written like \"mon-fri 18:00-08:00\" or \"22:00-06:00\", not \"" + text + "\"");
  }

  /** Whether the moment lies in them. */
  boolean include(LocalDateTime moment) {
    LocalTime time = moment.toLocalTime();
    DayOfWeek today = moment.getDayOfWeek();
    if (from.isBefore(to)) {
      return days.contains(today) && !time.isBefore(from) && time.isBefore(to);
    }
    return (days.contains(today) && !time.isBefore(from))
        || (days.contains(today.minus(1)) && time.isBefore(to));
  }
}
