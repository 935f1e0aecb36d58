package dev.waggle.coordinator.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import dev.waggle.mesh.libp2p.MalformedFrameException;
import dev.waggle.mesh.swarm.exchange.CodeLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Code that somebody wants written.
 *
 * @param prompt what it is to do
 * @param language in which, as users write it
 * @param tests a script in that language that ends well when the code is right; without, the models
 *     write one, or it is the repository's own tests
 * @param model who writes
 * @param planner who plans
 * @param larger who is asked when the writer does not get it right
 * @param rounds how often a candidate may try, 1 to {@value #ROUNDS_MAX}
 * @param candidates how many are tried beside each other, 1 to {@value #CANDIDATES_MAX}
 * @param labels where it may run
 * @param repo the SHA-256 of the snapshot of a repository that is to be changed; without, code is
 *     written that stands by itself
 * @param limits of each run of its tests; without, the usual ones. Those are never written, so that
 *     nodes whose version knows no limits read such an order
 */
public record CodeOrder(
    String prompt,
    String language,
    @Nullable String tests,
    String model,
    String planner,
    @Nullable String larger,
    int rounds,
    int candidates,
    List<String> labels,
    @Nullable String repo,
    @Nullable CodeLimits limits) {
  /** The most rounds. */
  public static final int ROUNDS_MAX = 10;

  /** The most candidates. */
  public static final int CANDIDATES_MAX = 8;

  /** How often a candidate may try where nobody says otherwise. */
  public static final int ROUNDS = 4;

  /** How many are tried beside each other where nobody says otherwise. */
  public static final int CANDIDATES = 1;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .setDefaultPropertyInclusion(JsonInclude.Include.NON_NULL)
          .registerModule(
              new SimpleModule()
                  .addSerializer(new ToStringSerializer(Duration.class))
                  .addDeserializer(Duration.class, new Time()));

  /** Reads what {@link Duration#toString} wrote. */
  private static final class Time extends JsonDeserializer<Duration> {
    @Override
    public Duration deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      return Duration.parse(parser.getText());
    }
  }

  public CodeOrder {
    labels = List.copyOf(labels);
    limits = CodeLimits.DEFAULT.equals(limits) ? null : limits;
    if (prompt.isBlank()) {
      throw new IllegalArgumentException("say what the code is to do");
    }
    if (rounds < 1 || rounds > ROUNDS_MAX) {
      throw new IllegalArgumentException("rounds are 1 to " + ROUNDS_MAX);
    }
    if (candidates < 1 || candidates > CANDIDATES_MAX) {
      throw new IllegalArgumentException("candidates are 1 to " + CANDIDATES_MAX);
    }
    if (repo != null
        && tests == null
        && CodeLanguage.find(language).flatMap(CodeLanguage::ownTests).isEmpty()) {
      throw new IllegalArgumentException(
          "name a script that tests the repository (tests); only that of Python finds its own");
    }
  }

  /** The limits of each run of its tests. */
  CodeLimits testLimits() {
    return limits == null ? CodeLimits.DEFAULT : limits;
  }

  /** It, for who holds a claim of it. */
  public ObjectNode json() {
    return JSON.valueToTree(this);
  }

  byte[] encode() {
    return json().toString().getBytes(StandardCharsets.UTF_8);
  }

  static CodeOrder decode(byte[] bytes) throws MalformedFrameException {
    try {
      return JSON.readValue(bytes, CodeOrder.class);
    } catch (IOException e) {
      throw new MalformedFrameException("an order for code cannot be read");
    }
  }
}
