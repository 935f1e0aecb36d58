package dev.waggle.node.api;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.membership.Certificate;
import dev.waggle.mesh.swarm.membership.Membership;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Members as requests name them. */
final class Members {
  private Members() {}

  /** What people call a peer: its name, or its peer id where it has none. */
  static String name(Membership membership, String peer) {
    String name = membership.name(PeerId.parse(peer));
    return name.isEmpty() ? peer : name;
  }

  /** Whether texts have a member's peer id, or a name that is its own and nobody else's. */
  static boolean isNamed(Membership membership, PeerId peer, Set<String> texts) {
    String name = membership.name(peer);
    return texts.contains(peer.toString())
        || (texts.contains(name)
            && membership.others().stream()
                    .filter(member -> member.chain().leaf().name().equals(name))
                    .count()
                == 1);
  }

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
