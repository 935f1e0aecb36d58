package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Map;
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

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    long seconds = parse(expires).toSeconds();
    JsonNode invite = node().post("/swarm/v1/invites", Map.of("validitySeconds", seconds));
    if (isJson()) {
      out().println(invite);
      return ExitCode.DONE;
    }
    out().println(invite.path("token").asText());
    out().println();
    out()
        .println(
            "On the other machine, while this node runs, until "
                + invite.path("expiry").asText()
                + ": waggle join TOKEN");
    return ExitCode.DONE;
  }

  private static Duration parse(String text) throws CommandException {
    String upper = text.toUpperCase(Locale.ROOT);
    try {
      return Duration.parse(upper.endsWith("D") ? "P" + upper : "PT" + upper);
    } catch (DateTimeParseException e) {
      throw new CommandException(
          ExitCode.USAGE, "--expires takes a time like 30m, 24h or 7d, not \"" + text + "\"", e);
    }
  }
}
