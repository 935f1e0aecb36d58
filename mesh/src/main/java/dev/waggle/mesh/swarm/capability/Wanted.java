package dev.waggle.mesh.swarm.capability;

/**
 * A model that a node's own users asked for lately, wherever that ran.
 *
 * @param model its name
 * @param requests about how many came in the last ten minutes; 1 to {@value #REQUESTS_MAX}
 */
public record Wanted(String model, int requests) {
  /** The most that one node is believed to want. */
  public static final int REQUESTS_MAX = 1_000;

  /** The most models of one advert: those that are wanted most. */
  public static final int MODELS_MAX = 8;

  public Wanted {
    PrintableText.check(model, ModelOffer.NAME_CHARACTERS_MAX, "a model's name");
    if (requests < 1 || requests > REQUESTS_MAX) {
      throw new IllegalArgumentException("1 to " + REQUESTS_MAX + " requests");
    }
  }
}
