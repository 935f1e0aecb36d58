package dev.waggle.coordinator;

import dev.waggle.crypto.PeerId;
import dev.waggle.mesh.swarm.label.Label;
import dev.waggle.mesh.swarm.label.LabelView;
import java.util.Collection;
import java.util.Optional;

/** A swarm in which no label stands in the way. */
final class NoLabels implements LabelView {
  @Override
  public Optional<Label> missing(Collection<Label> request) {
    return Optional.empty();
  }

  @Override
  public Optional<String> obstacle(Collection<Label> request, PeerId worker) {
    return Optional.empty();
  }
}
