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
 * {@link Ask} and {@link Stop}; the child answers {@link Said} again and again, the last one with
 * an end or an error. Both are the same program, so the form may change with any version.
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

  /** A chat to be continued, or, without turns, the wish to stop the one that runs. */
  record Ask(
      List<Turn> turns,
      @Nullable Integer maxTokens,
      @Nullable Double temperature,
      @Nullable Double topP,
      @Nullable Long seed,
      List<String> stop) {
    static final Ask STOP = new Ask(List.of(), null, null, null, null, List.of());

    boolean isStop() {
      return turns.isEmpty();
    }
  }

  /**
   * A piece of an answer, or its end.
   *
   * @param ready the model is loaded; the first thing a child says
   * @param loadMs with {@code ready}: how long that took
   * @param contextTokens with {@code ready}: how much the model can hold
   */
  record Said(
      @Nullable Boolean ready,
      @Nullable Long loadMs,
      @Nullable Integer contextTokens,
      @Nullable String text,
      @Nullable Ended end,
      @Nullable String error) {
    static Said ready(long loadMs, int contextTokens) {
      return new Said(true, loadMs, contextTokens, null, null, null);
    }

    static Said text(String text) {
      return new Said(null, null, null, text, null, null);
    }

    static Said end(Ended end) {
      return new Said(null, null, null, null, end, null);
    }

    static Said error(String error) {
      return new Said(null, null, null, null, null, error);
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
