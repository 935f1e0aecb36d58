package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import picocli.CommandLine.Option;

/** How much a script may use, or each run of the tests of code. */
final class LimitOptions {
  @Option(
      names = "--time",
      paramLabel = "TIME",
      description = "How long it, or each run of tests, may take, like 30s or 10m (default: 30s).")
  private String wall = "";

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = "How much memory it may use meanwhile, like 512MiB (default: 256MiB).")
  private String memory = "";

  /** Adds them to a job. */
  void describe(ObjectNode job) {
    if (!wall.isEmpty()) {
      job.withObjectProperty("limits").put("wall", wall);
    }
    if (!memory.isEmpty()) {
      job.withObjectProperty("limits").put("memory", memory);
    }
  }
}
