package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "pause",
    description =
        "Run nothing of others' on this machine; what runs already ends, what waits is given back.")
final class PauseCommand extends NodeCommand {
  @Option(
      names = "--for",
      paramLabel = "TIME",
      description = "For how long, for example 30m or 2h (default: until \"waggle resume\").")
  private @Nullable String time;

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    Map<String, Object> body = new HashMap<>();
    if (time != null) {
      body.put("seconds", TimeText.parse("--for", time).toSeconds());
    }
    JsonNode state = node().post("/swarm/v1/pause", body);
    if (isJson()) {
      out().println(state);
    } else {
      out()
          .println(
              time == null
                  ? "paused (to end it: waggle resume)"
                  : "paused until " + state.path("pausedUntil").asText());
    }
    return ExitCode.DONE;
  }
}
