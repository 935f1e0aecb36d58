package dev.waggle.mesh.swarm.label;

import dev.waggle.crypto.PeerId;
import java.util.Collection;
import java.util.Optional;

/** Where labelled requests of this node may go, as things are now. Thread-safe. */
public interface LabelView {
  /** The first label of a request that this node would have to hold to make it, and does not. */
  Optional<Label> missing(Collection<Label> request);

  /** Why a request of this node may not run on that member, for people; empty when it may. */
  Optional<String> obstacle(Collection<Label> request, PeerId worker);
}
