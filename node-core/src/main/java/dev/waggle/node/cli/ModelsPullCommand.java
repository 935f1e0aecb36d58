package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "pull",
    description =
        "Get a model for this node's Ollama, or another node's, from its registry. What is broken off"
            + " goes on where it stopped when the same is run again.")
final class ModelsPullCommand extends NodeCommand {
  @Parameters(paramLabel = "NAME", description = "The model, for example qwen3:8b.")
  private String model = "";

  @Option(
      names = "--on",
      paramLabel = "MEMBER",
      description =
          "A member's name or peer id, whose node gets it; its owner has to allow that"
              + " (owner.allow-pull).")
  private String on = "";

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode result;
    try (ProgressBar progress = new ProgressBar()) {
      result = node().follow("/swarm/v1/models/pull", Map.of("model", model, "on", on), progress);
    }
    out()
        .println(
            isJson()
                ? result.toString()
                : model + (on.isEmpty() ? " is here now" : " is on " + on + " now"));
    return ExitCode.DONE;
  }
}
