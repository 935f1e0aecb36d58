package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "leave",
    description = "Leave the swarm; the others are told, and this node is in one of its own again.")
final class LeaveCommand extends NodeCommand {
  @Option(
      names = "--abandon",
      description = "Leave even when the swarm's owner key is here, which is deleted then.")
  private boolean abandon;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode members = node().post("/swarm/v1/leave", Map.of("abandon", abandon));
    if (isJson()) {
      out().println(members);
    } else {
      out().println("left; this node is alone in swarm " + members.path("swarm").asText());
    }
    return ExitCode.DONE;
  }
}
