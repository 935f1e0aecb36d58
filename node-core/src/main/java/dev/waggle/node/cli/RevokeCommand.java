package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "revoke",
    description = "End a node's membership; every member stops dealing with it within seconds.")
final class RevokeCommand extends NodeCommand {
  @Parameters(paramLabel = "PEER", description = "A member's name or peer id.")
  private String peer = "";

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Why; all members see it, the revoked node too.")
  private String reason = "";

  @Option(
      names = "--keep",
      paramLabel = "PEER",
      description =
          "When an admin is revoked, those it let in are revoked, too, but for these; repeatable.")
  private List<String> keep = List.of();

  @Option(names = "--keep-all", description = "Revoke an admin alone, and nobody it let in.")
  private boolean keepAll;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode revoked =
        node()
            .post(
                "/swarm/v1/revocations",
                Map.of("peer", peer, "reason", reason, "keep", keep, "keepAll", keepAll));
    if (isJson()) {
      out().println(revoked);
      return ExitCode.DONE;
    }
    out().println("revoked " + revoked.path("peerId").asText());
    revoked
        .path("alsoRevoked")
        .forEach(each -> out().println("revoked " + each.asText() + ", which it had let in"));
    return ExitCode.DONE;
  }
}
