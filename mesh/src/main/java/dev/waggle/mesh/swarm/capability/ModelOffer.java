package dev.waggle.mesh.swarm.capability;

import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/**
 * A model that a node can run, or a sandbox that runs code of one language there.
 *
 * @param name as users ask for it, for example {@code qwen3:8b}; printable, 1 to {@value
 *     #NAME_CHARACTERS_MAX} characters
 * @param digest what the engine says the model's content is: {@code sha256:} and 64 hex digits
 * @param engine the engine's name: {@code ollama}, {@code openai} or {@code llama.cpp}; of a
 *     sandbox its kind, for example {@code docker}
 * @param sizeBytes size on disk
 * @param contextTokens the longest conversation it takes, 0 when unknown
 * @param loaded whether it is in memory now
 * @param parameters its size in millions of parameters, 0 when unknown
 * @param accelerated whether a GPU runs it, as far as the engine says
 * @param abilities what it can be asked for; empty when the engine does not say
 * @param resumable whether a probe showed that it goes on with the beginning of an answer as if it
 *     had written that itself
 * @param speed how fast this node runs it
 */
public record ModelOffer(
    String name,
    String digest,
    String engine,
    long sizeBytes,
    int contextTokens,
    boolean loaded,
    long parameters,
    boolean accelerated,
    Set<Ability> abilities,
    boolean resumable,
    Speed speed) {
  /** The longest name, digest or engine, in characters. */
  public static final int NAME_CHARACTERS_MAX = 256;

  public ModelOffer {
    abilities = Set.copyOf(abilities);
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
    this(
        name,
        digest,
        engine,
        sizeBytes,
        contextTokens,
        loaded,
        0,
        false,
        Set.of(),
        false,
        Speed.UNKNOWN);
  }

  /**
   * Whether it can do all that; what does not say may be able to do anything but embed and run
   * code.
   */
  public boolean can(Set<Ability> wanted) {
    return abilities.isEmpty()
        ? !wanted.contains(Ability.EMBEDDING) && !wanted.contains(Ability.CODE)
        : abilities.containsAll(wanted);
  }

  /** Whether it is no model, but a sandbox that runs code. */
  public boolean isSandbox() {
    return abilities.contains(Ability.CODE);
  }

  /** The same model at what its worker measured. */
  public ModelOffer measured(boolean goesOn, Speed now) {
    return new ModelOffer(
        name,
        digest,
        engine,
        sizeBytes,
        contextTokens,
        loaded,
        parameters,
        accelerated,
        abilities,
        goesOn,
        now);
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
