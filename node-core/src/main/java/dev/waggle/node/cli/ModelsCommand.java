package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Locale;
import picocli.CommandLine.Command;

@Command(
    name = "models",
    description = "Show what the swarm can run, and where.",
    subcommands = {ModelsFetchCommand.class, ModelsPullCommand.class})
final class ModelsCommand extends NodeCommand {
  private static final double GIGA = 1e9;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode body = node().get("/swarm/v1/models");
    if (isJson()) {
      out().println(body);
      return ExitCode.DONE;
    }
    Table table = new Table("MODEL", "NODE", "ENGINE", "SIZE", "LOADED");
    for (JsonNode model : body.path("models")) {
      table.row(
          model.path("name").asText(),
          model.path("node").asText(),
          model.path("engine").asText(),
          String.format(Locale.ROOT, "%.1f GB", model.path("size").asLong() / GIGA),
          model.path("loaded").asBoolean() ? "yes" : "no");
    }
    table.print(out());
    if (body.path("models").isEmpty()) {
      out()
          .println(
              "(none yet: start Ollama, or put a .gguf file into "
                  + directory().resolve("models")
                  + ", here or on another node)");
    }
    return ExitCode.DONE;
  }
}
