package dev.waggle.mesh.swarm.exchange;

/**
 * One model, whatever else has its name.
 *
 * @param name as its worker calls it
 * @param digest its content, as its worker's engine says it
 */
public record ModelId(String name, String digest) {
  /** The longest name or digest, in characters. */
  public static final int CHARACTERS_MAX = 256;

  public ModelId {
    if (name.length() > CHARACTERS_MAX || digest.length() > CHARACTERS_MAX) {
      throw new IllegalArgumentException(
          "a model's name and digest have at most " + CHARACTERS_MAX + " characters");
    }
  }
}
