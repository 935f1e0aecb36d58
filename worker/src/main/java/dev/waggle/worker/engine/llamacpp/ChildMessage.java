package dev.waggle.worker.engine.llamacpp;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node and its llama.cpp child say to each other: one JSON object a line. The node sends
 * {@link Ask}; the child answers {@link Said} again and again, the last one with an end or an
 * error. Both are the same program, so the form may change with any version.
 */
final class ChildMessage {
  /** The longest line, in characters: a whole conversation and its escapes. */
  static final int LINE_CHARACTERS_MAX = 64 << 20;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .setDefaultPropertyInclusion(JsonInclude.Include.NON_NULL)
          .configure(JsonParser.Feature.AUTO_CLOSE_SOURCE, false);

  private ChildMessage() {}

  /** One turn of a conversation. */
  record Turn(String role, String content) {}

  /**
   * What is to be answered, or, without anything, the wish to stop what runs.
   *
   * @param turns a conversation, which goes through the model's template
   * @param text what the answer begins with; without turns, what is read as it is
   * @param format JSON Schema that the answer follows, or {@code json}
   */
  record Ask(
      List<Turn> turns,
      String text,
      @Nullable String format,
      @Nullable Integer maxTokens,
      @Nullable Double temperature,
      @Nullable Double topP,
      @Nullable Integer topK,
      @Nullable Double minP,
      @Nullable Double presencePenalty,
      @Nullable Double frequencyPenalty,
      @Nullable Double repeatPenalty,
      @Nullable Long seed,
      List<String> stop) {
    static final Ask STOP =
        new Ask(
            List.of(), "", null, null, null, null, null, null, null, null, null, null, List.of());

    boolean isStop() {
      return turns.isEmpty() && text.isEmpty();
    }
  }

  /**
   * A piece of an answer, or its end.
   *
   * @param ready the model is loaded; the first thing a child says
   * @param loadMs with {@code ready}: how long that took
   * @param contextTokens with {@code ready}: how much the model can hold
   * @param refused why this is not answered; the child is in order
   * @param error what went wrong
   */
  record Said(
      @Nullable Boolean ready,
      @Nullable Long loadMs,
      @Nullable Integer contextTokens,
      @Nullable String text,
      @Nullable Ended end,
      @Nullable String refused,
      @Nullable String error) {
    static Said ready(long loadMs, int contextTokens) {
      return new Said(true, loadMs, contextTokens, null, null, null, null);
    }

    /** The answer's form is understood: native code that cannot read it takes the child down. */
    static Said understood() {
      return text("");
    }

    static Said text(String text) {
      return new Said(null, null, null, text, null, null, null);
    }

    static Said end(Ended end) {
      return new Said(null, null, null, null, end, null, null);
    }

    static Said refused(String why) {
      return new Said(null, null, null, null, null, why, null);
    }

    static Said error(String error) {
      return new Said(null, null, null, null, null, null, error);
    }
  }

  /** How an answer ended and what it took. */
  record Ended(boolean length, int promptTokens, int outputTokens, long prefillMs, long decodeMs) {}

  static String line(Object message) throws IOException {
    return JSON.writeValueAsString(message) + "\n";
  }

  static <T> T parse(String line, Class<T> type) throws IOException {
    return JSON.readValue(line, type);
  }

  /** The next line, of bounded length; null at the end. */
  static @Nullable String read(BufferedReader in) throws IOException {
    StringBuilder line = new StringBuilder();
    int next;
    while ((next = in.read()) >= 0) {
      if (next == '\n') {
        return line.toString();
      }
      line.append((char) next);
      if (line.length() > LINE_CHARACTERS_MAX) {
        throw new IOException("a message is too long");
      }
    }
    return null;
  }
}
