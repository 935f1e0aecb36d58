package dev.waggle.coordinator;

import dev.waggle.ledger.Credits;
import dev.waggle.mesh.swarm.capability.Ability;
import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which models will do: the one of a name, or any.
 *
 * @param text what was asked for
 * @param any whether it names no model in particular
 * @param here whether this node may run it
 * @param elsewhere whether other nodes may
 */
public record ModelQuery(String text, boolean any, boolean here, boolean elsewhere) {
  /** The best that any node has. */
  public static final String AUTO = "auto";

  /** The best that this node has. */
  public static final String LOCAL = "local";

  /** The best that other nodes have. */
  public static final String SWARM = "swarm";

  /** All names that name no model in particular; each also with {@code edgecoder-} before it. */
  public static final List<String> ANY = List.of(AUTO, LOCAL, SWARM);

  private static final String PREFIX = "edgecoder-";

  /** Reads what a request asks for. */
  public static ModelQuery of(String text) {
    String name = text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text;
    boolean any = ANY.contains(name);
    return new ModelQuery(text, any, !any || !name.equals(SWARM), !any || !name.equals(LOCAL));
  }

  /**
   * The best of a node's models that will do.
   *
   * @param promptTokens about how long the prompt is; a model whose context is shorter will not do
   */
  Optional<ModelOffer> choose(Capability node, Set<Ability> abilities, long promptTokens) {
    return named(node)
        .filter(offer -> offer.can(abilities) && fits(offer, promptTokens))
        .max(
            Comparator.comparingDouble(ModelQuery::quality)
                .thenComparing(ModelOffer::loaded)
                .thenComparingLong(ModelOffer::parameters));
  }

  /** For people, that only the prompt's length keeps a node's models from it; empty if not. */
  Optional<String> tooShort(Capability node, Set<Ability> abilities, long promptTokens) {
    return named(node)
        .filter(offer -> offer.can(abilities) && !fits(offer, promptTokens))
        .max(Comparator.comparingInt(ModelOffer::contextTokens))
        .map(
            offer ->
                "its context of "
                    + offer.contextTokens()
                    + " tokens is too short for a prompt of about "
                    + promptTokens
                    + " tokens");
  }

  /** For people, what a node's model of the name cannot do; empty when it has none. */
  Optional<String> lacking(Capability node, Set<Ability> abilities) {
    if (any) {
      return Optional.empty();
    }
    return named(node)
        .findFirst()
        .map(offer -> offer.name() + " there cannot do this: " + missing(offer, abilities));
  }

  private static String missing(ModelOffer offer, Set<Ability> abilities) {
    return abilities.stream()
        .filter(each -> !offer.can(Set.of(each)))
        .sorted()
        .map(each -> each.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(", "));
  }

  private Stream<ModelOffer> named(Capability node) {
    if (node.slots() == 0) {
      return Stream.empty();
    }
    return any ? node.models().stream() : ModelOffer.find(node.models(), text).stream();
  }

  private static boolean fits(ModelOffer offer, long promptTokens) {
    return offer.contextTokens() == 0 || promptTokens <= offer.contextTokens();
  }

  /** The class of a model's size, as credits tell them apart; more is better. */
  static double quality(ModelOffer offer) {
    return Credits.quality(offer.parameters());
  }
}
