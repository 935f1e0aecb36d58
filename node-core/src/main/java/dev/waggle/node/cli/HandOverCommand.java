package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "handover",
    description =
        "Have another node look after a job from where it is; here it stays known, and its results"
            + " come from there.")
final class HandOverCommand extends NodeCommand {
  @Parameters(index = "0", paramLabel = "JOB", description = "Its name, as \"job list\" shows it.")
  private String job = "";

  @Parameters(index = "1", paramLabel = "MEMBER", description = "Its name or peer id.")
  private String member = "";

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode answer = node().post("/swarm/v1/jobs/" + job + "/handover", Map.of("to", member));
    if (isJson()) {
      out().println(answer);
    } else if (answer.path("state").asText().equals("handed_over")) {
      out().println(job + " is at " + member);
    } else {
      out()
          .println(
              job
                  + " is being handed over to "
                  + member
                  + ", which does not answer; it is asked again (waggle job retry "
                  + job
                  + " takes it back, if it is not there)");
    }
    return ExitCode.DONE;
  }
}
