package dev.waggle.mesh.swarm.label;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What an owner says about the labels of others' requests: {@code only team-a owner:anna} takes
 * only requests that carry one of these, {@code never repo:acme/*} takes none that carries one. A
 * model's name before it makes it a rule for that model: {@code qwen3:70b only team-a}. A label
 * that ends in {@code *} stands for all that begin so.
 *
 * @param model the model that it is for; empty for all
 * @param only whether one of the labels has to be there; else none of them may be
 * @param labels 1 to {@link Label#OF_REQUEST_MAX} labels or beginnings of labels
 */
public record LabelRule(Optional<String> model, boolean only, List<String> labels) {
  /** The longest text of a rule, in characters. */
  public static final int CHARACTERS_MAX = 1_024;

  /** The most rules of a node. */
  public static final int RULES_MAX = 32;

  private static final String ONLY = "only";
  private static final String NEVER = "never";
  private static final Pattern SPACES = Pattern.compile(" +");
  private static final Pattern ENTRY = Pattern.compile("[a-z0-9][a-z0-9._/:-]*\\*?|\\*");

  public LabelRule {
    labels = List.copyOf(labels);
    if (labels.isEmpty() || labels.size() > Label.OF_REQUEST_MAX) {
      throw new IllegalArgumentException("a rule has 1 to " + Label.OF_REQUEST_MAX + " labels");
    }
  }

  /**
   * Reads a rule.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static LabelRule parse(String text) {
    List<String> words = Arrays.asList(SPACES.split(text.strip()));
    int verb = words.get(0).equals(ONLY) || words.get(0).equals(NEVER) ? 0 : 1;
    boolean known =
        words.size() > verb + 1
            && (words.get(verb).equals(ONLY) || words.get(verb).equals(NEVER))
            && text.length() <= CHARACTERS_MAX;
    List<String> labels = known ? words.subList(verb + 1, words.size()) : List.of();
    if (!known || !labels.stream().allMatch(each -> ENTRY.matcher(each).matches())) {
      throw new IllegalArgumentException(
          "a rule is written like \"only team-a\", \"never repo:acme/*\" or \"qwen3:70b only"
              + " team-a\", not \""
              + text
              + "\"");
    }
    return new LabelRule(
        verb == 0 ? Optional.empty() : Optional.of(words.get(0)),
        words.get(verb).equals(ONLY),
        labels);
  }

  /** The first of the rules that a request for a model breaks, for people; empty when none. */
  public static Optional<String> broken(
      Collection<LabelRule> rules, Collection<Label> labels, String model) {
    return rules.stream()
        .filter(rule -> rule.model().map(model::equals).orElse(true) && rule.isBroken(labels))
        .findFirst()
        .map(rule -> "its owner's rule is \"" + rule + "\"");
  }

  private boolean isBroken(Collection<Label> request) {
    return request.stream().anyMatch(this::names) != only;
  }

  private boolean names(Label label) {
    return labels.stream()
        .anyMatch(
            each ->
                each.endsWith("*")
                    ? label.text().startsWith(each.substring(0, each.length() - 1))
                    : label.text().equals(each));
  }

  @Override
  public String toString() {
    return model.map(each -> each + " ").orElse("")
        + (only ? ONLY : NEVER)
        + " "
        + String.join(" ", labels);
  }
}
