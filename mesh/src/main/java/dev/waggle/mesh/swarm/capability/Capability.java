package dev.waggle.mesh.swarm.capability;

import dev.waggle.mesh.swarm.label.LabelRule;
import java.time.Duration;
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
 * @param backlog how long a new task would wait before it runs, as far as the node can tell
 * @param labelRules what its owner says about the labels of requests
 * @param wanted what its own users asked for lately; at most {@value Wanted#MODELS_MAX}
 */
public record Capability(
    String nodeName,
    String softwareVersion,
    List<ModelOffer> models,
    int slots,
    int running,
    int queued,
    Duration backlog,
    List<LabelRule> labelRules,
    List<Wanted> wanted) {
  /** The most models of one advert. */
  public static final int MODELS_MAX = 256;

  /** The longest name or version, in characters. */
  public static final int TEXT_CHARACTERS_MAX = 64;

  /** The same of a node that runs nothing for others. */
  public Capability withoutWork() {
    return new Capability(
        nodeName, softwareVersion, List.of(), 0, 0, 0, Duration.ZERO, List.of(), wanted);
  }

  /** The same of a node whose users want that. */
  public Capability wanting(List<Wanted> models) {
    return new Capability(
        nodeName,
        softwareVersion,
        this.models,
        slots,
        running,
        queued,
        backlog,
        labelRules,
        models);
  }

  /** Of a node whose users want nothing. */
  public Capability(
      String nodeName,
      String softwareVersion,
      List<ModelOffer> models,
      int slots,
      int running,
      int queued,
      Duration backlog,
      List<LabelRule> labelRules) {
    this(nodeName, softwareVersion, models, slots, running, queued, backlog, labelRules, List.of());
  }

  /** Of a node where nothing waits. */
  public Capability(
      String nodeName,
      String softwareVersion,
      List<ModelOffer> models,
      int slots,
      int running,
      int queued,
      List<LabelRule> labelRules) {
    this(nodeName, softwareVersion, models, slots, running, queued, Duration.ZERO, labelRules);
  }

  public Capability {
    PrintableText.check(nodeName, TEXT_CHARACTERS_MAX, "a node's name");
    PrintableText.check(softwareVersion, TEXT_CHARACTERS_MAX, "a software version");
    if (slots < 0 || running < 0 || queued < 0 || backlog.isNegative()) {
      throw new IllegalArgumentException("slots, running, queued and backlog are 0 or more");
    }
    models = List.copyOf(models);
    labelRules = List.copyOf(labelRules);
    wanted = List.copyOf(wanted);
    if (wanted.size() > Wanted.MODELS_MAX) {
      throw new IllegalArgumentException("at most " + Wanted.MODELS_MAX + " models are wanted");
    }
    if (labelRules.size() > LabelRule.RULES_MAX) {
      throw new IllegalArgumentException("at most " + LabelRule.RULES_MAX + " rules");
    }
    if (models.size() > MODELS_MAX) {
      throw new IllegalArgumentException("at most " + MODELS_MAX + " models");
    }
  }
}
