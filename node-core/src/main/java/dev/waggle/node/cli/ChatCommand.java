package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "chat", description = "Ask a model of the swarm.")
final class ChatCommand extends NodeCommand {
  private static final String EVENT = "data: ";
  private static final ObjectMapper JSON = new ObjectMapper();

  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      description = "Which model (default: the first of \"waggle models\").")
  private String model = "";

  @Option(
      names = "--label",
      paramLabel = "LABEL",
      description =
          "Where it may run: at holders of a label like team-a, on the local network (lan-only), or"
              + " on machines of the same person (owner:self); repeatable.")
  private List<String> labels = List.of();

  @Parameters(paramLabel = "PROMPT", arity = "1..*", description = "What to ask.")
  private List<String> prompt = List.of();

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    NodeClient node = node();
    String chosen = model.isEmpty() ? firstModel(node) : model;
    Map<String, Object> request =
        Map.of(
            "model",
            chosen,
            "stream",
            !isJson(),
            "waggle",
            Map.of("labels", labels),
            "messages",
            List.of(Map.of("role", "user", "content", String.join(" ", prompt))));
    if (isJson()) {
      out().println(node.post("/v1/chat/completions", request));
      return ExitCode.DONE;
    }
    HttpResponse<InputStream> response = node.stream("/v1/chat/completions", request);
    print(response.body());
    out()
        .println(
            "("
                + chosen
                + " on "
                + response.headers().firstValue("x-waggle-node").orElse("a node of the swarm")
                + ")");
    return ExitCode.DONE;
  }

  private static String firstModel(NodeClient node)
      throws CommandException, IOException, InterruptedException {
    JsonNode first = node.get("/v1/models").path("data").path(0).path("id");
    if (first.isMissingNode()) {
      throw new CommandException(
          ExitCode.FAILED,
          "no node offers any model (start Ollama on one, or put a .gguf file into its data"
              + " directory's models folder)");
    }
    return first.asText();
  }

  private void print(InputStream body) throws CommandException, IOException {
    PrintWriter out = out();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
      String line;
      while ((line = lines.readLine()) != null) {
        if (!line.startsWith(EVENT) || line.equals(EVENT + "[DONE]")) {
          continue;
        }
        JsonNode event = JSON.readTree(line.substring(EVENT.length()));
        if (event.has("error")) {
          out.println();
          throw new CommandException(ExitCode.FAILED, event.path("error").path("message").asText());
        }
        out.print(event.path("choices").path(0).path("delta").path("content").asText(""));
        out.flush();
      }
    }
    out.println();
  }
}
