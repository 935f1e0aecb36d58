package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "join",
    description = "Join the swarm of an invite; returns when this node is a member.")
final class JoinCommand extends NodeCommand {
  @Parameters(paramLabel = "TOKEN", description = "What \"waggle invite\" printed.")
  private String token = "";

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode members = node().post("/swarm/v1/join", Map.of("token", token));
    if (isJson()) {
      out().println(members);
    } else {
      out()
          .println(
              "joined swarm "
                  + members.path("swarm").asText()
                  + ", members: "
                  + members.path("members").size()
                  + " (try: waggle models)");
    }
    return ExitCode.DONE;
  }
}
