package dev.waggle.mesh.swarm.exchange;

/**
 * What must be true of a node that runs a task; the only part of it that an offer shows.
 *
 * @param model the model that must be there, as the peers advertise it
 */
public record Requirements(String model) {
  /** The longest model name, in characters. */
  public static final int MODEL_CHARACTERS_MAX = 256;

  public Requirements {
    if (model.isEmpty() || model.length() > MODEL_CHARACTERS_MAX) {
      throw new IllegalArgumentException(
          "a model name has 1 to " + MODEL_CHARACTERS_MAX + " characters");
    }
  }
}
