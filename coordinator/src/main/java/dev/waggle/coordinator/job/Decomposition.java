package dev.waggle.coordinator.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * How a piece of work is taken apart, as a model proposed it. What does not make sense is not
 * mended: the work is then done as one.
 */
final class Decomposition {
  /** The most parts. */
  static final int PARTS_MAX = 10;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,39}");
  private static final int PROMPT_CHARACTERS_MAX = 8_000;

  private Decomposition() {}

  /** The work as one part. */
  static List<Subtask> single(String prompt) {
    return List.of(new Subtask(Subtask.WHOLE, prompt, List.of()));
  }

  /**
   * Reads a model's proposal; the parts come in an order in which each follows what it uses, and
   * the last is {@link Subtask#WHOLE}, which uses all others.
   *
   * @param prompt what is wanted as a whole
   */
  static List<Subtask> parse(String answer, String prompt) {
    List<Subtask> parts = new ArrayList<>();
    try {
      JsonNode tasks = JSON.readTree(json(answer)).path("parts");
      for (JsonNode each : tasks) {
        List<String> after = new ArrayList<>();
        each.path("after").forEach(name -> after.add(name.asText()));
        parts.add(new Subtask(each.path("name").asText(), each.path("prompt").asText(), after));
      }
    } catch (JsonProcessingException e) {
      return single(prompt);
    }
    List<Subtask> ordered = order(parts);
    if (ordered.size() < 2) {
      return single(prompt);
    }
    List<Subtask> all = new ArrayList<>(ordered);
    all.add(new Subtask(Subtask.WHOLE, prompt, ordered.stream().map(Subtask::name).toList()));
    return List.copyOf(all);
  }

  private static String json(String answer) {
    int from = answer.indexOf('{');
    int to = answer.lastIndexOf('}');
    return from < 0 || to < from ? "{}" : answer.substring(from, to + 1);
  }

  /** In an order in which each follows what it uses; empty if they make no sense. */
  private static List<Subtask> order(List<Subtask> parts) {
    if (parts.size() >= PARTS_MAX) {
      return List.of();
    }
    Set<String> names = new HashSet<>();
    for (Subtask each : parts) {
      boolean sound =
          NAME.matcher(each.name()).matches()
              && !each.isWhole()
              && !each.prompt().isBlank()
              && each.prompt().length() <= PROMPT_CHARACTERS_MAX;
      if (!sound || !names.add(each.name())) {
        return List.of();
      }
    }
    List<Subtask> ordered = new ArrayList<>();
    Set<String> done = new HashSet<>();
    boolean moved = true;
    while (moved) {
      moved = false;
      for (Subtask each : parts) {
        if (!done.contains(each.name()) && done.containsAll(each.after())) {
          ordered.add(each);
          done.add(each.name());
          moved = true;
        }
      }
    }
    return ordered.size() == parts.size() ? ordered : List.of();
  }
}
