package dev.waggle.node.api;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.membership.Certificate;
import dev.waggle.mesh.swarm.membership.Membership;
import java.util.List;
import java.util.stream.Stream;

/** Members as requests name them. */
final class Members {
  private Members() {}

  /** A member by its peer id or name; a peer id need not be a member's. */
  static PeerId named(Membership membership, String field, String text) {
    List<PeerId> named =
        Stream.concat(
                Stream.of(membership.own().leaf()),
                membership.others().stream().map(member -> member.chain().leaf()))
            .filter(leaf -> leaf.name().equals(text))
            .map(Certificate::subject)
            .toList();
    if (named.size() > 1) {
      throw JsonFields.wrong(
          field, "names " + named.size() + " members (use a peer id: " + named + ")");
    }
    if (named.size() == 1) {
      return named.get(0);
    }
    try {
      return PeerId.parse(text);
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong(
          field, "names no member: \"" + text + "\" (\"waggle members\" shows them)");
    }
  }
}
