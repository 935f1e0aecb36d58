package dev.waggle.mesh.swarm.membership;

import dev.waggle.mesh.swarm.label.Label;
import java.util.Set;

/**
 * What a certificate says of its member.
 *
 * @param name what it is called
 * @param roles what it may do
 * @param labels those that it holds
 */
record Grant(String name, Set<Role> roles, Set<Label> labels) {
  Grant {
    roles = Set.copyOf(roles);
    labels = Set.copyOf(labels);
  }

  Grant(String name, Set<Role> roles) {
    this(name, roles, Set.of());
  }
}
