package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "fetch",
    description =
        "Copy a model from members that have it. What is broken off goes on where it stopped when"
            + " the same is run again.")
final class ModelsFetchCommand extends NodeCommand {
  private static final double MEGA = 1e6;

  @Parameters(paramLabel = "NAME", description = "The model, as \"waggle models\" shows it.")
  private String model = "";

  @Option(
      names = "--from",
      paramLabel = "MEMBER",
      description = "A member's name or peer id, or \"swarm\" for all that have it (default).")
  private String from = "swarm";

  @Option(names = "--replace", description = "Take the place of another model with that name.")
  private boolean replace;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode result;
    try (ProgressBar progress = new ProgressBar()) {
      result =
          node()
              .follow(
                  "/swarm/v1/models/fetch",
                  Map.of("model", model, "from", from, "replace", replace),
                  progress);
    }
    if (isJson()) {
      out().println(result);
      return ExitCode.DONE;
    }
    String name = result.path("model").asText();
    List<String> sources = new ArrayList<>();
    for (JsonNode each : result.path("sources")) {
      sources.add(
          String.format(
              Locale.ROOT,
              "%s (%.1f MB)",
              each.path("name").asText(),
              each.path("bytes").asLong() / MEGA));
    }
    out()
        .println(
            sources.isEmpty()
                ? name + " is here, nothing had to be fetched"
                : name + " is here now, from " + String.join(", ", sources));
    if (!result.path("digest").equals(result.path("localDigest"))) {
      out().println("(this Ollama made the model anew: its digest is another than at the source)");
    }
    return ExitCode.DONE;
  }
}
