package dev.waggle.mesh.swarm.exchange;

import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.label.Label;
import java.util.Set;

/**
 * What must be true of a node that runs a task; the only part of it that an offer shows.
 *
 * @param model the model that must be there, as the peers advertise it
 * @param labels what the request says about where it may run, at most {@link Label#OF_REQUEST_MAX}
 * @param abilities what the model has to be able to do
 */
public record Requirements(String model, Set<Label> labels, Set<Ability> abilities) {
  /** The longest model name, in characters. */
  public static final int MODEL_CHARACTERS_MAX = 256;

  public Requirements {
    if (model.isEmpty() || model.length() > MODEL_CHARACTERS_MAX) {
      throw new IllegalArgumentException(
          "a model name has 1 to " + MODEL_CHARACTERS_MAX + " characters");
    }
    labels = Set.copyOf(labels);
    abilities = Set.copyOf(abilities);
    if (labels.size() > Label.OF_REQUEST_MAX) {
      throw new IllegalArgumentException(
          "a request has at most " + Label.OF_REQUEST_MAX + " labels");
    }
  }

  /** A model that answers. */
  public Requirements(String model, Set<Label> labels) {
    this(model, labels, Set.of(Ability.COMPLETION));
  }

  /** A model that answers, anywhere. */
  public Requirements(String model) {
    this(model, Set.of());
  }
}
