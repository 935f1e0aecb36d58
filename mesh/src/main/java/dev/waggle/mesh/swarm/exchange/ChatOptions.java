package dev.waggle.mesh.swarm.exchange;

import java.util.List;
import java.util.Optional;

/**
 * What more a chat wants of its answer.
 *
 * @param tools what the model may call, at most {@value #TOOLS_MAX}
 * @param toolChoice whether it has to: {@code auto}, {@code required} or the name of one tool;
 *     engines that cannot be held to it take it as a wish
 * @param format the JSON Schema that the answer has to follow, or {@value #ANY_JSON}
 * @param think whether a model that can shows its reasoning: {@code true}, {@code false}, {@code
 *     low}, {@code medium} or {@code high}; left to the engine when empty
 */
public record ChatOptions(
    List<Tool> tools, String toolChoice, Optional<String> format, Optional<String> think) {
  /** The most tools. */
  public static final int TOOLS_MAX = 512;

  /** A format: any JSON object. */
  public static final String ANY_JSON = "json";

  /** No choice is made for the model. */
  public static final String AUTO = "auto";

  /** Some tool has to be called. */
  public static final String REQUIRED = "required";

  /** Nothing more. */
  public static final ChatOptions NONE =
      new ChatOptions(List.of(), AUTO, Optional.empty(), Optional.empty());

  public ChatOptions {
    tools = List.copyOf(tools);
    if (tools.size() > TOOLS_MAX) {
      throw new IllegalArgumentException("at most " + TOOLS_MAX + " tools");
    }
  }

  /** Whether an answer that broke off may be continued: one whose form has no state. */
  public boolean isPlain() {
    return tools.isEmpty() && format.isEmpty();
  }

  long bytes() {
    long bytes = format.map(Utf8::length).orElse(0L);
    for (Tool tool : tools) {
      bytes +=
          Utf8.length(tool.name())
              + Utf8.length(tool.description())
              + Utf8.length(tool.parameters());
    }
    return bytes;
  }
}
