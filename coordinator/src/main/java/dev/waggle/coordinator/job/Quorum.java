package dev.waggle.coordinator.job;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Decides how often a deterministic task has to be run, and which result counts, as BOINC's
 * adaptive replication does: who agreed with others often enough is believed, but for spot checks.
 * Performs no I/O.
 */
final class Quorum {
  /** From how many results on that agreed in a row a worker is believed. */
  static final int TRUSTED_FROM = 10;

  /** How many of a trusted worker's results are compared all the same: one in so many. */
  static final int SPOT_CHECK = 20;

  /** How often a task is run at the most to settle a disagreement. */
  static final int RUNS_MAX = 5;

  private final int wanted;
  private final Map<String, List<String>> votes = new LinkedHashMap<>();
  private int runs;
  private int needed;

  /**
   * @param wanted how many have to agree, whoever they are; 0 for as many as trust demands
   */
  Quorum(int wanted) {
    this.wanted = wanted;
    this.needed = Math.max(1, wanted);
  }

  /** Whether a first result of a worker has to be compared. */
  static boolean needsSecond(int trust, double draw) {
    return trust < TRUSTED_FROM || draw < 1.0 / SPOT_CHECK;
  }

  /**
   * A worker's result.
   *
   * @param trust how many of its results agreed in a row
   * @param draw between 0 and 1, for spot checks
   */
  void add(String worker, String result, int trust, double draw) {
    votes.computeIfAbsent(result, key -> new ArrayList<>()).add(worker);
    runs++;
    if (runs == 1 && wanted == 0) {
      needed = needsSecond(trust, draw) ? 2 : 1;
    }
  }

  /** The result that enough workers had; empty as long as there is none. */
  Optional<String> winner() {
    return votes.entrySet().stream()
        .filter(each -> each.getValue().size() >= needed)
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** Whether another run cannot help. */
  boolean isExhausted() {
    return runs >= Math.max(RUNS_MAX, wanted);
  }

  /** Whether there is one result only, so that nobody contradicts it. */
  boolean isUnanimous() {
    return votes.size() == 1;
  }

  /** Who had a result. */
  List<String> whoHad(String result) {
    return List.copyOf(votes.getOrDefault(result, List.of()));
  }

  /** Who had another result. */
  List<String> whoHadNot(String result) {
    return votes.entrySet().stream()
        .filter(each -> !each.getKey().equals(result))
        .flatMap(each -> each.getValue().stream())
        .toList();
  }

  int runs() {
    return runs;
  }

  /** For people, how the result was verified. */
  String words(String winner) {
    if (runs == 1) {
      return needed == 1 ? "its worker is trusted" : "nobody else could compare it";
    }
    return whoHad(winner).size() + " of " + runs + " workers agree";
  }
}
