package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "label",
    description = "Say which labels a member holds; requests that carry one run at holders only.")
final class LabelCommand extends NodeCommand {
  @Parameters(index = "0", paramLabel = "MEMBER", description = "A member's name or peer id.")
  private String member = "";

  @Parameters(
      index = "1..*",
      paramLabel = "LABEL",
      description = "All that it holds from now on, for example team-a or owner:anna.")
  private List<String> labels = List.of();

  @Option(names = "--none", description = "Take all its labels away.")
  private boolean none;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    if (none != labels.isEmpty()) {
      throw new CommandException(
          ExitCode.USAGE, "give the labels that the member holds from now on, or --none");
    }
    JsonNode members = node().post("/swarm/v1/labels", Map.of("peer", member, "labels", labels));
    if (isJson()) {
      out().println(members);
      return ExitCode.DONE;
    }
    out().println(member + (none ? " holds no label" : " holds " + String.join(", ", labels)));
    return ExitCode.DONE;
  }
}
