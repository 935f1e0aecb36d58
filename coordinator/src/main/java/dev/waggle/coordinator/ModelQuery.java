package dev.waggle.coordinator;

import dev.waggle.mesh.swarm.capability.Capability;
import dev.waggle.mesh.swarm.capability.ModelOffer;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

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

  /** In millions of parameters: from there on a model is of a better class. */
  private static final List<Long> CLASSES = List.of(1_500L, 3_000L, 7_000L);

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
  Optional<ModelOffer> choose(Capability node, long promptTokens) {
    if (node.slots() == 0) {
      return Optional.empty();
    }
    return any
        ? best(node.models(), promptTokens)
        : ModelOffer.find(node.models(), text).filter(offer -> fits(offer, promptTokens));
  }

  /** Whether a node has what was asked for, but with too short a context. */
  boolean isTooLong(Capability node, long promptTokens) {
    return !any
        && node.slots() > 0
        && ModelOffer.find(node.models(), text).isPresent()
        && choose(node, promptTokens).isEmpty();
  }

  private static Optional<ModelOffer> best(Collection<ModelOffer> offers, long promptTokens) {
    return offers.stream()
        .filter(offer -> fits(offer, promptTokens))
        .max(
            Comparator.comparingInt(ModelQuery::quality)
                .thenComparing(ModelOffer::loaded)
                .thenComparingLong(ModelOffer::parameters));
  }

  private static boolean fits(ModelOffer offer, long promptTokens) {
    return offer.contextTokens() == 0 || promptTokens <= offer.contextTokens();
  }

  /** The class of a model's size, 0 to 3; more is better. */
  static int quality(ModelOffer offer) {
    return (int) CLASSES.stream().filter(least -> offer.parameters() >= least).count();
  }
}
