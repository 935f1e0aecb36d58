package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine.Command;

@Command(name = "status", description = "Show what this node is and does.")
final class StatusCommand extends NodeCommand {
  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode status = node().get("/swarm/v1/status");
    PrintWriter out = out();
    if (isJson()) {
      out.println(status);
      return ExitCode.DONE;
    }
    JsonNode worker = status.path("worker");
    out.println(
        "node     " + status.path("name").asText() + ", " + status.path("version").asText());
    out.println("peer id  " + status.path("peerId").asText());
    out.println(
        "swarm    "
            + status.path("swarm").asText()
            + ", members: "
            + status.path("members").asInt()
            + ", connected: "
            + status.path("peersConnected").asInt());
    if (status.has("revoked")) {
      out.println(
          "         this node "
              + status.path("revoked").asText()
              + " (ask an admin for an invite that names it, then: waggle join TOKEN)");
    }
    status.path("listen").forEach(address -> out.println("listens  " + address.asText()));
    out.println(
        "work     "
            + worker.path("running").asInt()
            + " of "
            + worker.path("slots").asInt()
            + " slots busy, "
            + worker.path("queued").asInt()
            + " waiting, models: "
            + status.path("models").size());
    if (status.has("closedFor")) {
      out.println(
          "         nothing of others' runs here: "
              + status.path("closedFor").asText()
              + (status.has("pausedUntil") ? " (to end it: waggle resume)" : ""));
    }
    out.println("ledger   entries: " + status.path("ledger").path("entries").asLong());
    return ExitCode.DONE;
  }
}
