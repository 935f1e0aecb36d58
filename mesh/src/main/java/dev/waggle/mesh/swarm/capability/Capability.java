package dev.waggle.mesh.swarm.capability;

import dev.waggle.mesh.swarm.label.LabelRule;
import java.util.List;

/**
 * What a node can do at this moment, as it tells the others.
 *
 * @param nodeName the name its owner gave it
 * @param softwareVersion for people
 * @param models what it can run; at most {@value #MODELS_MAX}
 * @param slots how many tasks it runs at once; 0 for a node that only asks
 * @param running how many it runs now
 * @param queued how many wait
 * @param labelRules what its owner says about the labels of requests
 */
public record Capability(
    String nodeName,
    String softwareVersion,
    List<ModelOffer> models,
    int slots,
    int running,
    int queued,
    List<LabelRule> labelRules) {
  /** The most models of one advert. */
  public static final int MODELS_MAX = 256;

  /** The longest name or version, in characters. */
  public static final int TEXT_CHARACTERS_MAX = 64;

  /** The same of a node that runs nothing for others. */
  public Capability withoutWork() {
    return new Capability(nodeName, softwareVersion, List.of(), 0, 0, 0, List.of());
  }

  public Capability {
    PrintableText.check(nodeName, TEXT_CHARACTERS_MAX, "a node's name");
    PrintableText.check(softwareVersion, TEXT_CHARACTERS_MAX, "a software version");
    if (slots < 0 || running < 0 || queued < 0) {
      throw new IllegalArgumentException("slots, running and queued are 0 or more");
    }
    models = List.copyOf(models);
    labelRules = List.copyOf(labelRules);
    if (labelRules.size() > LabelRule.RULES_MAX) {
      throw new IllegalArgumentException("at most " + LabelRule.RULES_MAX + " rules");
    }
    if (models.size() > MODELS_MAX) {
      throw new IllegalArgumentException("at most " + MODELS_MAX + " models");
    }
  }
}
