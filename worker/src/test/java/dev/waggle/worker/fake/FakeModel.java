package dev.waggle.worker.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A model of the fake server: what it can do, and what it says to which request. */
final class FakeModel {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final int DIMENSIONS = 8;
  private static final String CLOCK_WORD = "clock ";
  private static final Pattern ORDER =
      Pattern.compile("(ANSWER|REPAIRED)(?:\\[(.*?)\\])?<<(.*?)>>", Pattern.DOTALL);
  private static final String PATTERN_WORD = "pattern ";

  private final String name;
  private final List<String> capabilities;

  FakeModel(String name, String... capabilities) {
    this.name = name;
    this.capabilities = List.of(capabilities);
  }

  String name() {
    return name;
  }

  List<String> capabilities() {
    return capabilities;
  }

  boolean can(String capability) {
    return capabilities.contains(capability);
  }

  /** What it reads of a request, as text. */
  static String prompt(JsonNode request) {
    StringBuilder prompt = new StringBuilder();
    prompt.append(request.path("system").asText("")).append(request.path("prompt").asText(""));
    for (JsonNode message : request.path("messages")) {
      prompt.append(message.path("role").asText()).append(' ');
      prompt.append(message.path("content").asText()).append('\n');
    }
    return prompt.toString();
  }

  private static JsonNode last(JsonNode request) {
    JsonNode messages = request.path("messages");
    return messages.path(messages.size() - 1);
  }

  /** The pieces of its answer that are still to be said. */
  Iterator<String> answer(JsonNode request, boolean fromTheBeginning) {
    Stream<String> all;
    if (request.has("suffix")) {
      all = Stream.of("<", "middle", " of ", request.path("suffix").asText(), ">");
    } else if (request.path("raw").asBoolean()) {
      all = Stream.of("raw", ":", " " + request.path("prompt").asText());
    } else if (request.path("format").path("properties").path("name").has("const")) {
      all = call(request.path("format"));
    } else if (request.path("format").has("anyOf")) {
      all = call(request.path("format").path("anyOf").path(1));
    } else if (request.hasNonNull("format")) {
      all = Stream.of("{", "\"city\"", ":", "\"Bern\"", "}");
    } else if (last(request).path("images").size() > 0) {
      all = Stream.of("I", " see ", last(request).path("images").size() + "", " images", ".");
    } else if (ordered(request).isPresent()) {
      all = Stream.of(ordered(request).get());
    } else if (pattern(request).startsWith(CLOCK_WORD)) {
      int count = Integer.parseInt(pattern(request).substring(CLOCK_WORD.length()));
      all = Stream.generate(() -> "@" + System.nanoTime() + "@").limit(count);
    } else if (pattern(request).startsWith(PATTERN_WORD)) {
      all = pattern(pattern(request));
    } else if (name.equals(FakeOllama.ENDLESS)) {
      all = Stream.concat(FakeOllama.ANSWER.stream(), Stream.generate(() -> " tick"));
    } else {
      all = FakeOllama.ANSWER.stream();
    }
    JsonNode last = last(request);
    String begun =
        last.path("role").asText().equals("assistant") && !fromTheBeginning
            ? last.path("content").asText()
            : "";
    return before(request.path("options").path("stop"), skip(all.iterator(), begun));
  }

  /** What a schema allows that wants the name of a tool with its arguments. */
  private static Stream<String> call(JsonNode schema) {
    String tool = schema.path("properties").path("name").path("const").toString();
    return Stream.of("{\"name\": ", tool, ", \"arguments\": {\"city\"", ": \"Bern\"", "}}");
  }

  /** The pieces before the first stop text. */
  private static Iterator<String> before(JsonNode stops, Iterator<String> pieces) {
    if (stops.isEmpty()) {
      return pieces;
    }
    return new Iterator<>() {
      private final StringBuilder said = new StringBuilder();
      private String piece = "";
      private boolean stopped;

      @Override
      public boolean hasNext() {
        while (piece.isEmpty() && !stopped && pieces.hasNext()) {
          int begin = said.length();
          piece = pieces.next();
          said.append(piece);
          for (JsonNode stop : stops) {
            int at = said.indexOf(stop.asText());
            if (at >= 0) {
              stopped = true;
              piece = piece.substring(0, Math.min(piece.length(), Math.max(0, at - begin)));
            }
          }
        }
        return !piece.isEmpty();
      }

      @Override
      public String next() {
        if (!hasNext()) {
          throw new NoSuchElementException("it stopped");
        }
        String next = piece;
        piece = "";
        return next;
      }
    };
  }

  /**
   * What a conversation tells it to say: what stands in ANSWER<<...>>, or, once it was told that
   * tests fail, in REPAIRED<<...>>. Of several, the first is meant for which the conversation has
   * all words of ANSWER[some words, others]<<...>>, but for what is said in such orders.
   */
  private static Optional<String> ordered(JsonNode request) {
    StringBuilder all = new StringBuilder();
    request.path("messages").forEach(each -> all.append(each.path("content").asText()));
    String rest = ORDER.matcher(all).replaceAll("");
    boolean failed = rest.contains("The tests fail") && all.indexOf("REPAIRED") >= 0;
    return ORDER
        .matcher(all)
        .results()
        .filter(order -> order.group(1).equals(failed ? "REPAIRED" : "ANSWER"))
        .filter(
            order ->
                order.group(2) == null
                    || Stream.of(order.group(2).split(", ", -1)).allMatch(rest::contains))
        .map(order -> order.group(3))
        .findFirst();
  }

  /** The last thing that the user said. */
  private static String pattern(JsonNode request) {
    String said = "";
    for (JsonNode message : request.path("messages")) {
      if (message.path("role").asText().equals("user")) {
        said = message.path("content").asText();
      }
    }
    return said;
  }

  /** "pattern NAME COUNT" is answered by so many pieces, each with the name and its place. */
  private static Stream<String> pattern(String order) {
    List<String> words = Arrays.asList(order.split(" ", -1));
    String of = words.get(1);
    return IntStream.range(0, Integer.parseInt(words.get(2))).mapToObj(i -> of + "-" + i + " ");
  }

  /** Goes on after what was said already, as engines do. */
  private static Iterator<String> skip(Iterator<String> pieces, String begun) {
    String left = begun;
    while (!left.isEmpty() && pieces.hasNext()) {
      String piece = pieces.next();
      if (!left.startsWith(piece)) {
        String rest = piece.startsWith(left) ? piece.substring(left.length()) : piece;
        return chain(rest, pieces);
      }
      left = left.substring(piece.length());
    }
    return pieces;
  }

  private static Iterator<String> chain(String first, Iterator<String> others) {
    return new Iterator<>() {
      private boolean begun;

      @Override
      public boolean hasNext() {
        return !begun || others.hasNext();
      }

      @Override
      public String next() {
        if (!begun) {
          begun = true;
          return first;
        }
        return others.next();
      }
    };
  }

  /** The calls of its answer: of the first tool that it is offered, until that has answered. */
  static List<ObjectNode> calls(JsonNode request) {
    boolean answered = last(request).path("role").asText().equals("tool");
    List<ObjectNode> calls = new ArrayList<>();
    if (!answered && request.path("tools").size() > 0 && !request.hasNonNull("format")) {
      ObjectNode call = JSON.createObjectNode();
      ObjectNode function = call.putObject("function");
      function.put("index", 0);
      function.put("name", request.path("tools").path(0).path("function").path("name").asText());
      function.putObject("arguments").put("city", "Bern");
      calls.add(call);
    }
    return calls;
  }

  /** A vector that depends on the text. */
  static double[] vector(String text) {
    double[] vector = new double[DIMENSIONS];
    for (int i = 0; i < DIMENSIONS; i++) {
      vector[i] = Math.sin(text.hashCode() * (i + 1.0)) / 2;
    }
    return vector;
  }

  /** A log probability for each piece, with so many alternatives. */
  static ObjectNode logprob(String token, int top) {
    ObjectNode entry = JSON.createObjectNode().put("token", token).put("logprob", -0.25);
    var bytes = entry.putArray("bytes");
    for (byte each : token.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(Byte.toUnsignedInt(each));
    }
    var tops = entry.putArray("top_logprobs");
    for (int i = 0; i < top; i++) {
      tops.addObject().put("token", token + i).put("logprob", -0.25 - i);
    }
    return entry;
  }

  static Map<String, FakeModel> all() {
    Map<String, FakeModel> models = new LinkedHashMap<>();
    for (FakeModel each :
        List.of(
            new FakeModel(FakeOllama.MODEL, "completion", "insert"),
            new FakeModel(FakeOllama.THINKER, "completion", "thinking"),
            new FakeModel(FakeOllama.ENDLESS, "completion"),
            new FakeModel(FakeOllama.REMOTE, "completion"),
            new FakeModel(FakeOllama.EMBEDDER, "embedding"),
            new FakeModel(FakeOllama.CAPABLE, "completion", "tools", "vision", "insert"))) {
      models.put(each.name(), each);
    }
    return models;
  }
}
