package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Locale;
import picocli.CommandLine.Command;

@Command(name = "peers", description = "Show the other nodes of the swarm.")
final class PeersCommand extends NodeCommand {
  @Override
  int run() throws CommandException, IOException, InterruptedException {
    JsonNode body = node().get("/swarm/v1/peers");
    if (isJson()) {
      out().println(body);
      return ExitCode.DONE;
    }
    Table table = new Table("NAME", "CONNECTED", "ROUND TRIP", "MODELS", "BUSY", "PEER ID");
    for (JsonNode peer : body.path("peers")) {
      table.row(
          peer.path("name").asText(),
          connected(peer),
          peer.has("roundTripMs")
              ? String.format(Locale.ROOT, "%.1f ms", peer.path("roundTripMs").asDouble())
              : "-",
          Integer.toString(peer.path("models").size()),
          peer.path("running").asInt() + "/" + peer.path("slots").asInt(),
          peer.path("peerId").asText());
    }
    table.print(out());
    body.path("troubles")
        .properties()
        .forEach(trouble -> out().println(trouble.getKey() + ": " + trouble.getValue().asText()));
    body.path("ledgerTroubles")
        .properties()
        .forEach(trouble -> out().println(trouble.getKey() + ": " + trouble.getValue().asText()));
    return ExitCode.DONE;
  }

  private static String connected(JsonNode peer) {
    if (!peer.path("connected").asBoolean()) {
      return "no";
    }
    return peer.path("relayed").asBoolean() ? "through a relay" : "yes";
  }
}
