package dev.waggle.mesh.swarm.membership;

import dev.waggle.crypto.PeerId;
import java.util.Optional;
import java.util.Set;

/**
 * What an invite gives, and to whom.
 *
 * @param roles what its bearer becomes
 * @param bound the only peer that it lets in; empty for whoever has it
 */
public record InviteTerms(Set<Role> roles, Optional<PeerId> bound) {
  /** Any bearer becomes a member. */
  public static final InviteTerms MEMBER = new InviteTerms(Set.of(Role.MEMBER), Optional.empty());

  public InviteTerms {
    roles = Set.copyOf(roles);
  }
}
