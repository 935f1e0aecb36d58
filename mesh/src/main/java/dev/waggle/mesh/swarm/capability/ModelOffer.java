package dev.waggle.mesh.swarm.capability;

import java.util.Collection;
import java.util.Optional;

/**
 * A model that a node can run.
 *
 * @param name as users ask for it, for example {@code qwen3:8b}; printable, 1 to {@value
 *     #NAME_CHARACTERS_MAX} characters
 * @param digest what the engine says the model's content is: {@code sha256:} and 64 hex digits
 * @param engine the engine's name: {@code ollama} or {@code llama.cpp}
 * @param sizeBytes size on disk
 * @param contextTokens the longest conversation it takes, 0 when unknown
 * @param loaded whether it is in memory now
 * @param parameters its size in millions of parameters, 0 when unknown
 * @param accelerated whether a GPU runs it, as far as the engine says
 */
public record ModelOffer(
    String name,
    String digest,
    String engine,
    long sizeBytes,
    int contextTokens,
    boolean loaded,
    long parameters,
    boolean accelerated) {
  /** The longest name, digest or engine, in characters. */
  public static final int NAME_CHARACTERS_MAX = 256;

  public ModelOffer {
    PrintableText.check(name, NAME_CHARACTERS_MAX, "a model's name");
    PrintableText.check(digest, NAME_CHARACTERS_MAX, "a model's digest");
    PrintableText.check(engine, NAME_CHARACTERS_MAX, "an engine's name");
    if (sizeBytes < 0 || contextTokens < 0 || parameters < 0) {
      throw new IllegalArgumentException("a model's sizes and context are 0 or more");
    }
  }

  /** A model of which nothing more is known. */
  public ModelOffer(
      String name,
      String digest,
      String engine,
      long sizeBytes,
      int contextTokens,
      boolean loaded) {
    this(name, digest, engine, sizeBytes, contextTokens, loaded, 0, false);
  }

  /**
   * The offer of that very name, or else, by Ollama's convention, the one with the tag "latest".
   * Requester and worker both ask here, so that they mean the same model.
   */
  public static Optional<ModelOffer> find(Collection<ModelOffer> offers, String name) {
    return offers.stream()
        .filter(offer -> offer.name().equals(name))
        .findFirst()
        .or(
            () ->
                offers.stream().filter(offer -> offer.name().equals(name + ":latest")).findFirst());
  }
}
