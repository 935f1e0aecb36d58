package dev.waggle.worker.sandbox.docker;

import dev.waggle.mesh.swarm.exchange.TaskSpec;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An image that one language is run in.
 *
 * @param reference as Docker knows it; names its content, not a tag that can be moved
 * @param digest of that content: {@code sha256:} and 64 hex digits
 */
record PinnedImage(String reference, String digest) {
  private static final Pattern PINNED =
      Pattern.compile("(?:[^@\\s]{1,255}@)?(sha256:[0-9a-f]{64})");

  /** Reads a reference; empty if it does not name the content. */
  static Optional<PinnedImage> parse(String reference) {
    Matcher matcher = PINNED.matcher(reference);
    return matcher.matches()
        ? Optional.of(new PinnedImage(reference, matcher.group(1)))
        : Optional.empty();
  }

  /** What runs the script of a task, before the task's arguments. */
  static List<String> command(TaskSpec.Code task) {
    return switch (task.language()) {
      case PYTHON -> List.of("python3", "-B", task.scriptFile());
      case JAVASCRIPT -> List.of("node", task.scriptFile());
      case SHELL -> List.of("sh", task.scriptFile());
      case JAVA ->
          List.of(
              "java",
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-XX:-UsePerfData",
              "-XX:MaxRAMPercentage=60",
              task.scriptFile());
    };
  }
}
