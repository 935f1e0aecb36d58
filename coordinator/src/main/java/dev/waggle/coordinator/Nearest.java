package dev.waggle.coordinator;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the name that somebody who mistyped probably meant. */
public final class Nearest {
  private Nearest() {}

  /** The candidate with the smallest edit distance to the text, whatever that distance is. */
  public static Optional<String> to(String text, Collection<String> candidates) {
    return candidates.stream().min(Comparator.comparingInt(each -> distance(text, each)));
  }

  /** Levenshtein's distance, in one row of memory. */
  private static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[to.length()];
  }
}
