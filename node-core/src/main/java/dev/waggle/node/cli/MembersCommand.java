package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

@Command(name = "members", description = "Show who belongs to the swarm.")
final class MembersCommand extends NodeCommand {
  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode body = node().get("/swarm/v1/members");
    if (isJson()) {
      out().println(body);
      return ExitCode.DONE;
    }
    Table table = new Table("NAME", "ROLES", "LABELS", "CONNECTED", "UNTIL", "PEER ID");
    for (JsonNode member : body.path("members")) {
      boolean self = member.path("self").asBoolean();
      table.row(
          member.path("name").asText(),
          texts(member.path("roles")),
          texts(member.path("labels")),
          self ? "this node" : member.path("connected").asBoolean() ? "yes" : "no",
          member.path("notAfter").asText(),
          member.path("peerId").asText());
    }
    table.print(out());
    if (!body.path("revoked").isEmpty()) {
      out().println();
      Table revoked = new Table("NO LONGER MEMBER", "SINCE", "HOW", "REASON");
      for (JsonNode each : body.path("revoked")) {
        revoked.row(
            each.path("peerId").asText(),
            each.path("time").asText(),
            each.path("left").asBoolean() ? "left" : "revoked",
            each.path("reason").asText());
      }
      revoked.print(out());
    }
    return ExitCode.DONE;
  }

  private static String texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return String.join(", ", texts);
  }
}
