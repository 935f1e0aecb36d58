package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
    name = "doctor",
    description = "Look for what keeps this node from working, and say what to do.")
final class DoctorCommand extends NodeCommand {
  private static final Duration EXPIRES_SOON = Duration.ofDays(30);

  private final ArrayNode checks = JsonNodeFactory.instance.arrayNode();
  private boolean healthy = true;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    NodeClient node = node();
    JsonNode status = node.get("/swarm/v1/status");
    check("node", true, "runs as " + status.path("peerId").asText());
    checkLedger(node, status);
    checkEngines(status, node.get("/swarm/v1/models").path("models").size());
    checkSandboxes(status);
    checkCertificate(status);
    checkPeers(node.get("/swarm/v1/peers"), status);
    if (isJson()) {
      out()
          .println(
              JsonNodeFactory.instance.objectNode().put("healthy", healthy).set("checks", checks));
    } else {
      for (JsonNode each : checks) {
        out()
            .println(
                (each.path("ok").asBoolean() ? "ok    " : "LOOK  ")
                    + each.path("subject").asText()
                    + ": "
                    + each.path("finding").asText());
      }
    }
    return healthy ? ExitCode.DONE : ExitCode.FAILED;
  }

  private void check(String subject, boolean ok, String finding) {
    ObjectNode entry = checks.addObject();
    entry.put("subject", subject).put("ok", ok).put("finding", finding);
    healthy &= ok;
  }

  private void checkLedger(NodeClient node, JsonNode status)
      throws CommandException, IOException, InterruptedException {
    if (!status.path("ledger").path("writable").asBoolean()) {
      check("ledger", false, "cannot be written (is the disk full? the log says more)");
      return;
    }
    JsonNode verified = node.get("/swarm/v1/ledger/verify");
    boolean valid = verified.path("valid").asBoolean();
    check(
        "ledger",
        valid,
        valid
            ? "is whole, " + verified.path("entries").asLong() + " entries"
            : "entry "
                + verified.path("badEntry").asLong()
                + ": "
                + verified.path("cause").asText()
                + " (restore the data directory from a backup)");
  }

  /** A node without models is in order as long as somebody has some. */
  private void checkEngines(JsonNode status, int modelsOfAll) {
    status
        .path("engineTroubles")
        .properties()
        .forEach(trouble -> check(trouble.getKey(), modelsOfAll > 0, trouble.getValue().asText()));
    check(
        "models",
        modelsOfAll > 0,
        modelsOfAll > 0
            ? status.path("models").size() + " on this node, " + modelsOfAll + " in the swarm"
            : "none in the swarm (start Ollama, or put a .gguf file into "
                + directory().resolve("models")
                + ", here or on another node)");
  }

  /** To run no code may be what the owner wants. */
  private void checkSandboxes(JsonNode status) {
    List<String> languages = new ArrayList<>();
    status
        .path("code")
        .properties()
        .forEach(each -> languages.add(each.getKey() + " in " + each.getValue().asText()));
    check(
        "code",
        true,
        languages.isEmpty() ? "none is run on this node" : String.join(", ", languages));
    status
        .path("sandboxTroubles")
        .properties()
        .forEach(
            each ->
                check("sandbox " + each.getKey(), true, "not used: " + each.getValue().asText()));
  }

  private void checkCertificate(JsonNode status) {
    Instant until = Instant.parse(status.path("certificateUntil").asText());
    boolean soon = until.isBefore(Instant.now().plus(EXPIRES_SOON));
    String valid = "this node's is valid until " + until;
    check(
        "certificate",
        !status.has("revoked") && !soon,
        status.has("revoked")
            ? "this node " + status.path("revoked").asText() + " (ask an admin for a new invite)"
            : valid + (soon ? " (let it run while an admin's node does; an admin renews it)" : ""));
  }

  private void checkPeers(JsonNode peers, JsonNode status) {
    peers
        .path("troubles")
        .properties()
        .forEach(trouble -> check("peer " + trouble.getKey(), false, trouble.getValue().asText()));
    peers
        .path("ledgerTroubles")
        .properties()
        .forEach(
            trouble -> check("ledger " + trouble.getKey(), false, trouble.getValue().asText()));
    int others = status.path("members").asInt() - 1;
    int connected = status.path("peersConnected").asInt();
    check(
        "swarm",
        true,
        others == 0
            ? "this node is alone in it (run: waggle invite)"
            : connected + " of " + others + " other members connected");
  }
}
