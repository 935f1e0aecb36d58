package dev.waggle.mesh.swarm.label;

import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/**
 * A node as labels see it.
 *
 * @param labels those that its certificate grants
 */
public record Holder(Set<Label> labels) {
  public Holder {
    labels = Set.copyOf(labels);
  }

  /**
   * Why a request of this node may not run on that one, for people; empty when it may.
   *
   * @param onLan whether both are on one local network
   */
  public Optional<String> obstacle(Collection<Label> request, Holder worker, boolean onLan) {
    for (Label each : request) {
      if (each.equals(Label.LAN_ONLY) && !onLan) {
        return Optional.of("it is not on the same local network (\"lan-only\")");
      }
      if (each.equals(Label.OWNER_SELF) && !isOfOneOwner(worker)) {
        return Optional.of("it does not belong to the same person (\"owner:self\")");
      }
      if (each.isGranted() && !worker.labels.contains(each)) {
        return Optional.of("it does not hold the label \"" + each + "\"");
      }
    }
    return Optional.empty();
  }

  /** The first label of a request that this node would have to hold to make it, and does not. */
  public Optional<Label> missing(Collection<Label> request) {
    return request.stream()
        .sorted()
        .filter(each -> each.isGranted() && !labels.contains(each))
        .findFirst();
  }

  private boolean isOfOneOwner(Holder other) {
    return labels.stream().anyMatch(each -> each.isOwner() && other.labels.contains(each));
  }
}
