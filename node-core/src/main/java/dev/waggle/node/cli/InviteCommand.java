package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "invite", description = "Make an invite, which lets one node into the swarm, once.")
final class InviteCommand extends NodeCommand {
  @Option(
      names = "--expires",
      paramLabel = "TIME",
      defaultValue = "24h",
      description = "How long it is valid, for example 30m, 24h or 7d (default: 24h).")
  private String expires = "24h";

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      defaultValue = "member",
      description =
          "What its bearer becomes: member (asks for work and does it), admin (also invites and"
              + " revokes), worker (only does work), requester (only asks), coordinator (asks in"
              + " others' stead) or relay (only carries connections); default: member.")
  private String role = "member";

  @Option(
      names = "--for",
      paramLabel = "PEER-ID",
      description = "The only node that it lets in; \"waggle status\" there shows its peer id.")
  private @Nullable String bound;

  @Option(
      names = "--label",
      paramLabel = "LABEL",
      description = "A label that its bearer will hold, for example team-a; repeatable.")
  private List<String> labels = List.of();

  @Option(names = "--no-qr", description = "Print no QR code.")
  private boolean noQr;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    Map<String, Object> terms = new HashMap<>();
    terms.put("validitySeconds", TimeText.parse("--expires", expires).toSeconds());
    terms.put("role", role);
    terms.put("labels", labels);
    if (bound != null) {
      terms.put("for", bound);
    }
    JsonNode invite = node().post("/swarm/v1/invites", terms);
    if (isJson()) {
      out().println(invite);
      return ExitCode.DONE;
    }
    String token = invite.path("token").asText();
    out().println(token);
    out().println();
    if (!noQr) {
      // Upper case takes fewer modules, and join takes either.
      out().println(QrText.of(token.toUpperCase(Locale.ROOT)));
    }
    out()
        .println(
            "On the other machine, while this node runs, until "
                + invite.path("expiry").asText()
                + ": waggle join TOKEN");
    return ExitCode.DONE;
  }
}
