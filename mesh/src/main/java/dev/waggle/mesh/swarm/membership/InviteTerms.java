package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.label.Label;
import java.util.Optional;
import java.util.Set;

/**
 * What an invite gives, and to whom.
 *
 * @param roles what its bearer becomes
 * @param labels those that it will hold
 * @param bound the only peer that it lets in; empty for whoever has it
 */
public record InviteTerms(Set<Role> roles, Set<Label> labels, Optional<PeerId> bound) {
  /** Any bearer becomes a member. */
  public static final InviteTerms MEMBER =
      new InviteTerms(Set.of(Role.MEMBER), Set.of(), Optional.empty());

  public InviteTerms {
    roles = Set.copyOf(roles);
    labels = Set.copyOf(labels);
    if (labels.size() > Label.OF_CERTIFICATE_MAX || !labels.stream().allMatch(Label::isGranted)) {
      throw new IllegalArgumentException(
          "an invite gives at most "
              + Label.OF_CERTIFICATE_MAX
              + " labels that a node can hold, like team-a or owner:anna");
    }
  }
}
