package dev.waggle.node.cli;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Option;

/** Which node looks after a job, where that is to be said. */
final class OnOption {
  @Option(
      names = "--on",
      paramLabel = "MEMBER",
      description =
          "Which node looks after the job: a member's name or peer id, or self (default: where it"
              + " is, and for new jobs what jobs.coordinator says, else this node).")
  private String on = "";

  /** A path of the API, with that said. */
  String path(String path) {
    return on.isEmpty()
        ? path
        : path
            + (path.contains("?") ? "&on=" : "?on=")
            + URLEncoder.encode(on, StandardCharsets.UTF_8);
  }
}
