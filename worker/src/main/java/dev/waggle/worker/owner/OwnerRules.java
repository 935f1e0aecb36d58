package dev.waggle.worker.owner;

import dev.waggle.mesh.swarm.label.LabelRule;
import java.util.List;
import java.util.Set;

/**
 * What the owner allows other members. His own tasks are never held back by it.
 *
 * @param hours when others' tasks may run; empty for always
 * @param blocked members, by name or peer id, whose tasks never run
 * @param powerAware whether battery, heat and load count
 * @param cpuPercentMax above it new tasks wait, 1 to 100
 * @param freeMemoryMbMin below it no task is taken, in MiB, 0 or more
 * @param memberSlots how many tasks one member may have here at once; 0 for no limit
 * @param memberTasksPerHour how many tasks of one member are taken in an hour; 0 for no limit
 * @param memberCreditsPerDay how many credits one member may owe this node for the last day; 0 for
 *     no limit
 * @param labels what the labels of others' requests have to be
 */
public record OwnerRules(
    List<Hours> hours,
    Set<String> blocked,
    boolean powerAware,
    int cpuPercentMax,
    int freeMemoryMbMin,
    int memberSlots,
    int memberTasksPerHour,
    int memberCreditsPerDay,
    List<LabelRule> labels) {
  /** What holds when the owner says nothing. */
  public static final OwnerRules DEFAULT =
      new OwnerRules(List.of(), Set.of(), /* powerAware= */ true, 85, 0, 0, 0, 0, List.of());

  public OwnerRules {
    hours = List.copyOf(hours);
    blocked = Set.copyOf(blocked);
    labels = List.copyOf(labels);
    if (labels.size() > LabelRule.RULES_MAX) {
      throw new IllegalArgumentException("there are at most " + LabelRule.RULES_MAX + " rules");
    }
    if (cpuPercentMax < 1 || cpuPercentMax > 100) {
      throw new IllegalArgumentException("a processor is 1 to 100 percent busy");
    }
    if (freeMemoryMbMin < 0
        || memberSlots < 0
        || memberTasksPerHour < 0
        || memberCreditsPerDay < 0) {
      throw new IllegalArgumentException("a limit is 0 or more");
    }
  }
}
