package dev.waggle.node.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "map",
    description =
        "Run one script, or ask one prompt, for each line of a file, all over the swarm. Prints a"
            + " line of JSON for each as it comes.")
final class MapCommand extends NodeCommand {
  @Mixin private final JobSubmission submission = new JobSubmission();
  @Mixin private final ScriptOptions options = new ScriptOptions();

  @Option(
      names = "--script",
      paramLabel = "FILE",
      description = "The script; each line is its standard input.")
  private String script = "";

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "What is asked; each line stands where it says {input}, or at its end.")
  private String prompt = "";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      description = "Who is asked (default: any).")
  private String model = "auto";

  @Parameters(paramLabel = "INPUTS", description = "The file of lines.")
  private Path inputs = Path.of("");

  @Override
  int run() throws CommandException, IOException, InterruptedException {
    if (script.isEmpty() == prompt.isEmpty()) {
      throw new CommandException(ExitCode.USAGE, "give either --script or --prompt");
    }
    ObjectNode job = submission.begin("map");
    if (prompt.isEmpty()) {
      options.describe(job, Path.of(script));
    } else {
      job.put("prompt", prompt).put("model", model);
    }
    ArrayNode lines = job.putArray("inputs");
    GivenText.read(inputs).lines().filter(line -> !line.isBlank()).forEach(lines::add);
    NodeClient node = node();
    String name = submission.submit(node, job);
    if (submission.isDetached()) {
      out().println(JobSubmission.named(name, isJson()));
      return ExitCode.DONE;
    }
    JsonNode end =
        JobSubmission.follow(
            node,
            name,
            event -> {
              String kind = event.path("kind").asText();
              if (event.has("task") && (kind.equals("done") || kind.equals("failed"))) {
                print(JobSubmission.task(node, name, event.path("task").asLong()), lines);
              }
            });
    if (!end.path("state").asText().equals("done")) {
      throw new CommandException(
          ExitCode.FAILED,
          end.path("failed").asInt()
              + " of "
              + end.path("total").asInt()
              + " failed (waggle job show "
              + name
              + ")");
    }
    return ExitCode.DONE;
  }

  private void print(JsonNode task, ArrayNode lines) {
    int number = task.path("number").asInt();
    ObjectNode line = lines.objectNode().put("number", number);
    line.put("input", lines.path(number).asText());
    JsonNode result = task.path("result");
    if (result.has("text")) {
      line.put("output", result.path("text").asText());
    } else if (result.has("stdout")) {
      line.put("output", result.path("stdout").asText());
    }
    if (task.has("error")) {
      line.put("error", task.path("error").asText());
    }
    line.put("node", result.path("node").asText());
    out().println(line);
    out().flush();
  }
}
