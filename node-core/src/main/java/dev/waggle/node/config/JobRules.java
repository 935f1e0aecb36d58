package dev.waggle.node.config;

import java.util.Optional;
import java.util.Set;

/**
 * Whose jobs are looked after where.
 *
 * @param allowed names or peer ids of members that may give this node jobs to look after; {@value
 *     #ALL} for all members, empty for none
 * @param coordinator the name or peer id of the member that looks after the jobs of this node's
 *     users; empty for this node
 */
public record JobRules(Set<String> allowed, Optional<String> coordinator) {
  /** Stands for all members. */
  public static final String ALL = "all";

  public JobRules {
    allowed = Set.copyOf(allowed);
  }
}
