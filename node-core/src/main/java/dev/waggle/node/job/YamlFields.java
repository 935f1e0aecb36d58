package dev.waggle.node.job;

import dev.waggle.coordinator.Nearest;
import dev.waggle.mesh.swarm.exchange.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * The fields of one object of a job file. A wrong one is an error that names its line and its
 * place; so is one that nobody asked for.
 */
final class YamlFields {
  private static final Pattern TIME = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,12})(|B|KiB|MiB|GiB)");
  private static final Pattern BLANKS = Pattern.compile("\\s+");
  private static final int KIB_BITS = 10;
  private static final String BASE64 = "base64";

  private final String path;
  private final Node at;
  private final Map<String, Node> values = new LinkedHashMap<>();
  private final Map<String, Node> keys = new LinkedHashMap<>();
  private final Set<String> asked = new HashSet<>();

  YamlFields(Node node, String path) throws JobFileException {
    this.path = path;
    this.at = node;
    if (!(node instanceof MappingNode mapping)) {
      throw wrong(node, path, "has to be an object with fields");
    }
    for (NodeTuple each : mapping.getValue()) {
      String key = scalar(each.getKeyNode(), path);
      if (values.put(key, each.getValueNode()) != null) {
        throw wrong(each.getKeyNode(), place(key), "is there twice");
      }
      keys.put(key, each.getKeyNode());
    }
  }

  private String place(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  static JobFileException wrong(Node node, String place, String what) {
    int line = node.getStartMark().map(Mark::getLine).orElse(0) + 1;
    return new JobFileException(
        "line " + line + ": " + (place.isEmpty() ? "the job" : place) + " " + what);
  }

  /** An error about a field, or about the whole object where it is not there. */
  JobFileException wrong(String name, String what) {
    return wrong(values.getOrDefault(name, at), place(name), what);
  }

  private static String scalar(Node node, String place) throws JobFileException {
    if (!(node instanceof ScalarNode scalar)) {
      throw wrong(node, place, "has to be a text");
    }
    return scalar.getValue();
  }

  private Optional<Node> value(String name) {
    asked.add(name);
    return Optional.ofNullable(values.get(name)).filter(each -> !each.getTag().equals(Tag.NULL));
  }

  boolean has(String name) {
    return value(name).isPresent();
  }

  Optional<String> text(String name) throws JobFileException {
    Optional<Node> node = value(name);
    return node.isEmpty() ? Optional.empty() : Optional.of(scalar(node.get(), place(name)));
  }

  String required(String name) throws JobFileException {
    Optional<String> text = text(name);
    if (text.isEmpty()) {
      throw wrong(at, place(name), "is missing");
    }
    return text.get();
  }

  /** One of some words; the first where it is not there. */
  String word(String name, List<String> words) throws JobFileException {
    Optional<String> given = text(name);
    if (given.isPresent() && !words.contains(given.get())) {
      throw wrong(
          name,
          "is \""
              + given.get()
              + "\", and has to be one of "
              + String.join(", ", words)
              + Nearest.to(given.get(), new HashSet<>(words))
                  .map(nearest -> " (did you mean " + nearest + "?)")
                  .orElse(""));
    }
    return given.orElse(words.get(0));
  }

  /** A list of texts, or one text; none where it is not there. */
  List<String> texts(String name) throws JobFileException {
    List<String> texts = new ArrayList<>();
    Optional<Node> node = value(name);
    if (node.isPresent() && node.get() instanceof ScalarNode one) {
      texts.add(one.getValue());
    } else {
      for (Node each : list(name)) {
        texts.add(scalar(each, place(name) + "[" + texts.size() + "]"));
      }
    }
    return texts;
  }

  /** The elements of a list; none where it is not there. */
  List<Node> list(String name) throws JobFileException {
    Optional<Node> node = value(name);
    if (node.isEmpty()) {
      return List.of();
    }
    if (!(node.get() instanceof SequenceNode sequence)) {
      throw wrong(name, "has to be a list");
    }
    return sequence.getValue();
  }

  /** The object under a name. */
  Optional<YamlFields> object(String name) throws JobFileException {
    Optional<Node> node = value(name);
    return node.isEmpty() ? Optional.empty() : Optional.of(new YamlFields(node.get(), place(name)));
  }

  /** The object that is an element of a list. */
  YamlFields element(String name, int index, Node node) throws JobFileException {
    return new YamlFields(node, place(name) + "[" + index + "]");
  }

  /** All names that are there, for an object that may have any. */
  Set<String> names() {
    asked.addAll(values.keySet());
    return Collections.unmodifiableSet(values.keySet());
  }

  /** What a file says: a text, or an object with nothing but {@code base64}. */
  Bytes content(String name) throws JobFileException {
    if (!(values.get(name) instanceof MappingNode)) {
      return Bytes.of(text(name).orElse(""));
    }
    YamlFields binary = new YamlFields(values.get(name), place(name));
    String encoded = binary.required(BASE64);
    binary.end();
    try {
      // YAML's block texts have line breaks.
      return Bytes.of(Base64.getDecoder().decode(BLANKS.matcher(encoded).replaceAll("")));
    } catch (IllegalArgumentException e) {
      throw binary.wrong(BASE64, "is no base64 (RFC 4648, as \"base64 FILE\" writes it)");
    }
  }

  long integer(String name, long least, long most, long fallback) throws JobFileException {
    Optional<String> text = text(name);
    if (text.isEmpty()) {
      return fallback;
    }
    try {
      long value = Long.parseLong(text.get());
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw wrong(name, "has to be a whole number from " + least + " to " + most);
    }
    throw wrong(name, "has to be a whole number from " + least + " to " + most);
  }

  Optional<Double> decimal(String name) throws JobFileException {
    Optional<String> text = text(name);
    try {
      return text.map(Double::valueOf);
    } catch (NumberFormatException e) {
      throw wrong(name, "has to be a number");
    }
  }

  /** A time like {@code 30s}, {@code 500ms}, {@code 10m}, {@code 2h} or {@code 1d}. */
  Optional<Duration> time(String name) throws JobFileException {
    Optional<String> text = text(name);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Matcher matcher = TIME.matcher(text.get());
    if (!matcher.matches()) {
      throw wrong(name, "has to be a time like 30s, 500ms, 10m, 2h or 1d");
    }
    long number = Long.parseLong(matcher.group(1));
    return Optional.of(
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(number);
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          default -> Duration.ofDays(number);
        });
  }

  /** A size like {@code 64KiB}, {@code 256MiB} or {@code 1GiB}; without a unit in bytes. */
  Optional<Long> size(String name) throws JobFileException {
    Optional<String> text = text(name);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Matcher matcher = SIZE.matcher(text.get());
    if (!matcher.matches()) {
      throw wrong(name, "has to be a size like 65536, 64KiB, 256MiB or 1GiB");
    }
    int unit = List.of("B", "KiB", "MiB", "GiB").indexOf(matcher.group(2));
    return Optional.of(Long.parseLong(matcher.group(1)) << (KIB_BITS * Math.max(0, unit)));
  }

  /** Refuses what nobody asked for. */
  void end() throws JobFileException {
    for (Map.Entry<String, Node> each : keys.entrySet()) {
      if (!asked.contains(each.getKey())) {
        throw wrong(
            each.getValue(),
            place(each.getKey()),
            "is no field here"
                + Nearest.to(each.getKey(), asked)
                    .map(nearest -> " (did you mean " + nearest + "?)")
                    .orElse(""));
      }
    }
  }
}
