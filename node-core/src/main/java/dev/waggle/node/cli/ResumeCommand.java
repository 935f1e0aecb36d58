package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(name = "resume", description = "Work for others again.")
final class ResumeCommand extends NodeCommand {
  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode state = node().post("/swarm/v1/resume", Map.of());
    if (isJson()) {
      out().println(state);
    } else {
      out()
          .println(
              state.path("open").asBoolean()
                  ? "works for others"
                  : "no longer paused, but: " + state.path("closedFor").asText());
    }
    return ExitCode.DONE;
  }
}
